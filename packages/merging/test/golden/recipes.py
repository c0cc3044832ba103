"""Reference numbers for the recipes in ../../examples. Knows nothing of the package: numpy and the formulas alone.

The models are made here and in ../tiny-models.ts by the same rule, so that only results are stored.
Run: python3 recipes.py > recipes.json
"""
import json
import sys

import numpy as np

H, F, L, V = 4, 6, 4, 10
MASK = 0xFFFFFFFF


def noise(name, n):
    """A linear congruential generator, seeded with the FNV-1a hash of a name; values in [-0.5, 0.5)."""
    x = 0x811C9DC5
    for c in name.encode():
        x = ((x ^ c) * 0x01000193) & MASK
    out = []
    for _ in range(n):
        x = (1664525 * x + 1013904223) & MASK
        out.append(x / 2**32 - 0.5)
    return np.array(out)


def shapes(layers=L, vocab=V):
    s = {"model.embed_tokens.weight": (vocab, H), "model.norm.weight": (H,), "lm_head.weight": (vocab, H)}
    for i in range(layers):
        p = f"model.layers.{i}."
        for x in "qkvo":
            s[p + f"self_attn.{x}_proj.weight"] = (H, H)
        s[p + "mlp.gate_proj.weight"] = (F, H)
        s[p + "mlp.up_proj.weight"] = (F, H)
        s[p + "mlp.down_proj.weight"] = (H, F)
        s[p + "input_layernorm.weight"] = (H,)
        s[p + "post_attention_layernorm.weight"] = (H,)
    return s


def model(name, vocab=V):
    out = {}
    for n, s in shapes(vocab=vocab).items():
        size = int(np.prod(s))
        w = noise("base/" + n, size)
        if name != "base":
            w = w + 0.1 * noise(f"{name}/{n}", size)
        out[n] = w.reshape(s).astype(np.float32).astype(np.float64)
    return out


base, chat, code, math = (model(n) for n in ("base", "chat", "code", "math"))
tools = model("tools", 11)
each = lambda f, names=None: {n: f(n) for n in names or shapes()}
layer = lambda n: int(n.split(".")[2]) if ".layers." in n else None


def bf16(x):
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16
    return bits.astype(np.uint32).view(np.float32)


def gradient(values, n):
    i = layer(n)
    x = 0 if i is None else i / (L - 1) * (len(values) - 1)
    k = min(int(x), len(values) - 2)
    return values[k] + (x - k) * (values[k + 1] - values[k])


def slerp(a, b, t):
    u, v = a.ravel() / np.linalg.norm(a), b.ravel() / np.linalg.norm(b)
    c = u @ v
    if abs(c) > 0.9995:
        return (1 - t) * a + t * b
    th = np.arccos(c)
    return (np.sin((1 - t) * th) * a + np.sin(t * th) * b) / np.sin(th)


def slerp_t(n):
    if "self_attn" in n:
        return gradient([0, 0.5, 0.3, 0.7, 1], n)
    if "mlp" in n:
        return gradient([1, 0.5, 0.7, 0.3, 0], n)
    return 0.5


def top(d, k):
    keep = np.zeros(d.size, bool)
    keep[np.lexsort((np.arange(d.size), -np.abs(d.ravel()).astype(np.float32)))[:k]] = True
    return np.where(keep.reshape(d.shape), d, 0)


def ties(n):
    d = [chat[n] - base[n], code[n] - base[n]]
    density = [gradient([0.3, 0.9], n), 0.5]
    w = [0.5 if "mlp" in n else 1, 0.4]
    p = [a * top(x, int(k * x.size)) for a, x, k in zip(w, d, density)]
    sign = np.where(sum(p) >= 0, 1, -1)
    agree = [np.sign(x) == sign for x in p]
    num, den = sum(x * m for x, m in zip(p, agree)), sum(a * m for a, m in zip(w, agree))
    return base[n] + 0.8 * num / np.where(den == 0, 1, den)


def franken():
    out = {"model.embed_tokens.weight": chat["model.embed_tokens.weight"]}
    for n in ("model.norm.weight", "lm_head.weight"):
        out[n] = code[n]
    for o, (m, i) in enumerate([(chat, 0), (chat, 1), (chat, 2), (code, 1), (code, 2), (code, 3)]):
        for n in shapes():
            if layer(n) == i:
                scale = 0.5 if m is code and ("o_proj" in n or "down_proj" in n) else 1
                out[n.replace(f"layers.{i}.", f"layers.{o}.")] = scale * m[n]
    return out


def update(n):
    """Rank 2, alpha 4: scale 2, on all q_proj."""
    if "q_proj" not in n:
        return 0
    path = n[: -len(".weight")]
    a = noise(f"poet/{path}/A", 2 * H).astype(np.float32).astype(np.float64).reshape(2, H)
    b = noise(f"poet/{path}/B", 2 * H).astype(np.float32).astype(np.float64).reshape(H, 2)
    return 2 * b @ a


def adapter(n):
    poet = (base[n] + update(n)).astype(np.float32).astype(np.float64)
    return base[n] + 0.7 * (poet - base[n]) + (chat[n] - base[n])


def folded(n, rounding):
    """The same of models stored in bfloat16; the folded model is rounded as it is stored."""
    b, c = bf16(base[n]).astype(np.float64), bf16(chat[n]).astype(np.float64)
    poet = rounding(b + update(n)).astype(np.float64)
    return b + 0.7 * (poet - b) + (c - b)


def union(n):
    """chat has tokens t0 … t9. tools has <|call|>, t9 … t1, <|end|>: eleven; the output has all of them, and 16 rows."""
    a, b = chat[n], tools[n]
    if not (n.endswith("embed_tokens.weight") or n.startswith("lm_head")):
        return (a + b) / 2
    out = np.zeros((16, H))
    in_tools = {**{f"t{10 - i}": i for i in range(1, 10)}, "<|call|>": 0, "<|end|>": 10}
    order = [f"t{i}" for i in range(10)] + ["<|call|>", "<|end|>"]
    for o in range(16):
        if o >= 12:
            rows = [a.mean(0), b.mean(0)]
        else:
            t = order[o]
            x = a[o] if o < 10 else b[in_tools[t]]
            y = b[in_tools[t]] if t in in_tools else a[o]
            rows = [x, y]
        out[o] = (rows[0] + rows[1]) / 2
    return out


def stock(n):
    d = [(m[n] - base[n]).ravel() for m in (chat, code, math)]
    cos = [d[i] @ d[j] / np.linalg.norm(d[i]) / np.linalg.norm(d[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    c = np.mean(cos)
    t = np.clip(3 * c / (1 + 2 * c), 0, 1)
    return (base[n] + t * (sum(d) / 3).reshape(base[n].shape)).astype(np.float32).astype(np.float64)


def crumbs(d, density, gamma):
    n = d.size
    k, top_n = int(density * n), int(gamma * n)
    bottom = n - k - top_n
    if bottom < 0:
        top_n, bottom = top_n + bottom, 0
    order = np.lexsort((-np.arange(n), np.abs(d.ravel()).astype(np.float32)))
    keep = np.zeros(n, bool)
    keep[order[bottom : n - top_n]] = True
    return np.where(keep.reshape(d.shape), d, 0)


def two_stages(n):
    a = crumbs(stock(n) - base[n], 0.6, 0.1)
    return base[n] + 1.2 * a + 0.5 * crumbs(code[n] - base[n], 0.5, 0.01)


expected = {
    "linear": each(lambda n: bf16((0.6 * chat[n] + 0.3 * code[n]) / 0.9)),
    "slerp-gradient": each(lambda n: slerp(chat[n], code[n], slerp_t(n))),
    "ties": each(ties),
    "frankenmerge": franken(),
    "adapter": each(adapter),
    "tokenizer-union": each(union),
    "two-stages": each(two_stages),
}
queries = [n for n in shapes() if "q_proj" in n]
bfloat16 = {
    "folded in bfloat16": each(lambda n: folded(n, bf16), queries),
    "folded in float32": each(lambda n: folded(n, np.float32), queries),
}
shown = lambda v: [float(f"{x:.9g}") for x in np.asarray(v).ravel()]
json.dump(
    {
        "origin": f"recipes.py beside this file, numpy {np.__version__}, float64",
        "expected": {r: {n: shown(v) for n, v in t.items()} for r, t in expected.items()},
        "bfloat16": {r: {n: shown(v) for n, v in t.items()} for r, t in bfloat16.items()},
    },
    sys.stdout,
    separators=(",", ":"),
)
