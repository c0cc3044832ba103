"""Writes language/<name>/{config.json,model.safetensors} for a tiny GPT-2, Llama, Qwen2 and Mistral, and language.json with their logits for some tokens,
computed in numpy, float64, after the published formulas. Run: python3 make-language.py"""
import json, os, struct, numpy as np
rng = np.random.default_rng(11)
TOKENS = [[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 9, 7]]


def save(folder, config, tensors, bf16=False):
    os.makedirs(folder, exist_ok=True)
    json.dump(config, open(f"{folder}/config.json", "w"), indent=2)
    head, data = {"__metadata__": {"format": "pt"}}, b""
    for name, t in tensors.items():
        raw = (t.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes() if bf16 else t.astype("<f4").tobytes()
        head[name] = {"dtype": "BF16" if bf16 else "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode(); text += b" " * (-len(text) % 8)
    open(f"{folder}/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)


def draw(*shape, centre=0.0, bf16=False):
    t = (rng.normal(size=shape) * 0.3 + centre).astype(np.float32)
    return ((t.view("<u4") >> 16) << 16).view("<f4") if bf16 else t


softmax = lambda z: (lambda e: e / e.sum(-1, keepdims=True))(np.exp(z - z.max(-1, keepdims=True)))


def attention(q, k, v, window=None):  # one head: [T, d]
    s = q @ k.T / np.sqrt(q.shape[-1])
    seen = np.tril(np.ones_like(s)) - (0 if window is None else np.tril(np.ones_like(s), -window))  # i - window < j <= i
    return softmax(np.where(seen > 0, s, -np.inf)) @ v


def gpt2():
    D, H, L, V, T = 8, 2, 2, 10, 8
    p = {"transformer.wte.weight": draw(V, D), "transformer.wpe.weight": draw(T, D)}
    for i in range(L):
        h = f"transformer.h.{i}."
        for n in ["ln_1", "ln_2"]: p[h + n + ".weight"], p[h + n + ".bias"] = draw(D, centre=1), draw(D)
        for n, a, b in [("attn.c_attn", D, 3 * D), ("attn.c_proj", D, D), ("mlp.c_fc", D, 4 * D), ("mlp.c_proj", 4 * D, D)]:
            p[h + n + ".weight"], p[h + n + ".bias"] = draw(a, b), draw(b)
        p[h + "attn.bias"] = np.tril(np.ones((1, 1, T, T), dtype=np.float32))  # the mask old checkpoints carry
    p["transformer.ln_f.weight"], p["transformer.ln_f.bias"] = draw(D, centre=1), draw(D)
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": V, "n_positions": T, "n_embd": D, "n_layer": L, "n_head": H,
              "n_inner": None, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "torch_dtype": "float32"}
    save("language/gpt2", config, p)
    w = {k.removeprefix("transformer."): v.astype(float) for k, v in p.items()}
    norm = lambda x, n: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * w[n + ".weight"] + w[n + ".bias"]
    lin = lambda x, n: x @ w[n + ".weight"] + w[n + ".bias"]
    gelu = lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    out = []
    for tokens in TOKENS:
        x = w["wte.weight"][tokens] + w["wpe.weight"][: len(tokens)]
        for i in range(L):
            q, k, v = np.split(lin(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, -1)
            heads = [attention(*(z[:, j * D // H : (j + 1) * D // H] for z in (q, k, v))) for j in range(H)]
            x = x + lin(np.concatenate(heads, -1), f"h.{i}.attn.c_proj")
            x = x + lin(gelu(lin(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")
        out.append((norm(x, "ln_f") @ w["wte.weight"].T).tolist())
    return out


def llama(name, config, bias, bf16):
    D, H, K, S, F, L, V = [config[k] for k in ["hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size", "num_hidden_layers", "vocab_size"]]
    d = lambda *s, centre=0.0: draw(*s, centre=centre, bf16=bf16)
    p = {"model.embed_tokens.weight": d(V, D)}
    for i in range(L):
        h = f"model.layers.{i}."
        p[h + "input_layernorm.weight"], p[h + "post_attention_layernorm.weight"] = d(D, centre=1), d(D, centre=1)
        for n, a, b in [("q", D, H * S), ("k", D, K * S), ("v", D, K * S), ("o", H * S, D)]:
            p[f"{h}self_attn.{n}_proj.weight"] = d(b, a)
            if bias and n != "o": p[f"{h}self_attn.{n}_proj.bias"] = d(b)
        for n, a, b in [("gate", D, F), ("up", D, F), ("down", F, D)]: p[f"{h}mlp.{n}_proj.weight"] = d(b, a)
    p["model.norm.weight"] = d(D, centre=1)
    if not config["tie_word_embeddings"]: p["lm_head.weight"] = d(V, D)
    save(f"language/{name}", config, p, bf16)
    w = {k: v.astype(float) for k, v in p.items()}
    norm = lambda x, n: x / np.sqrt((x**2).mean(-1, keepdims=True) + config["rms_norm_eps"]) * w[n + ".weight"]
    lin = lambda x, n: x @ w[n + ".weight"].T + w.get(n + ".bias", 0)
    inv = config["rope_theta"] ** (-np.arange(0, S, 2) / S)
    scaling = config.get("rope_scaling") or {}
    if scaling.get("type") == "linear": inv = inv / scaling["factor"]
    if scaling.get("rope_type") == "llama3":  # by wavelength, as the Llama 3.1 release writes it
        new = []
        for f in inv:
            wave = 2 * np.pi / f; old = scaling["original_max_position_embeddings"]
            low, high = old / scaling["low_freq_factor"], old / scaling["high_freq_factor"]
            if wave < high: new.append(f)
            elif wave > low: new.append(f / scaling["factor"])
            else:
                smooth = (old / wave - scaling["low_freq_factor"]) / (scaling["high_freq_factor"] - scaling["low_freq_factor"])
                new.append((1 - smooth) * f / scaling["factor"] + smooth * f)
        inv = np.array(new)
    def rope(z):  # [T, S]; rotate_half form with repeated angles
        a = np.arange(len(z))[:, None] * inv; a = np.concatenate([a, a], -1)
        return z * np.cos(a) + np.concatenate([-z[:, S // 2 :], z[:, : S // 2]], -1) * np.sin(a)
    windows = [config.get("sliding_window") if i >= config.get("max_window_layers", 0) else None for i in range(L)]
    out = []
    for tokens in TOKENS:
        x = w["model.embed_tokens.weight"][tokens]
        for i in range(L):
            h = f"model.layers.{i}."; y = norm(x, h + "input_layernorm"); q, k, v = [lin(y, f"{h}self_attn.{n}_proj") for n in "qkv"]
            heads = [attention(rope(q[:, j * S : (j + 1) * S]), rope(k[:, g * S : (g + 1) * S]), v[:, g * S : (g + 1) * S], windows[i]) for j in range(H) for g in [j * K // H]]
            x = x + lin(np.concatenate(heads, -1), h + "self_attn.o_proj")
            y = norm(x, h + "post_attention_layernorm"); gate = lin(y, h + "mlp.gate_proj")
            x = x + lin(gate / (1 + np.exp(-gate)) * lin(y, h + "mlp.up_proj"), h + "mlp.down_proj")
        head = w.get("lm_head.weight", w["model.embed_tokens.weight"])
        out.append((norm(x, "model.norm") @ head.T).tolist())
    return out


base = {"vocab_size": 10, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
        "intermediate_size": 12, "hidden_act": "silu", "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
logits = {
    "gpt2": gpt2(),
    "llama": llama("llama", {**base, "model_type": "llama", "rope_theta": 500.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
                             "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}}, False, True),
    "qwen2": llama("qwen2", {**base, "model_type": "qwen2", "rope_theta": 10000.0, "tie_word_embeddings": True, "use_sliding_window": False,
                             "rope_scaling": {"type": "linear", "factor": 2.0}}, True, False),
    "mistral": llama("mistral", {**base, "model_type": "mistral", "rope_theta": 10000.0, "sliding_window": 3, "tie_word_embeddings": False}, False, False),
    "qwen2-sliding": llama("qwen2-sliding", {**base, "model_type": "qwen2", "rope_theta": 10000.0, "tie_word_embeddings": True, "use_sliding_window": True,
                                             "sliding_window": 2, "max_window_layers": 1}, True, False),
}
json.dump({"origin": f"numpy {np.__version__}, float64, make-language.py", "tokens": TOKENS, "logits": logits}, open("language.json", "w"))
