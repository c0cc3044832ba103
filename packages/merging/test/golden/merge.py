"""Reference numbers for the merge methods. Knows nothing of the package: numpy alone, float64.

Run: python3 merge.py > merge.json
"""
import json
import sys

import numpy as np

rng = np.random.default_rng(20240611)
shapes = {"layers.0.weight": (6, 5), "layers.0.bias": (6,), "head.weight": (3, 4, 2)}
f32 = lambda x: np.asarray(x, dtype=np.float32)
base = {n: f32(rng.normal(size=s)) for n, s in shapes.items()}
models = [{n: f32(w + rng.normal(size=w.shape) * scale) for n, w in base.items()} for scale in (0.1, 0.2, 0.3)]
weights = [0.5, 1.25, 0.75]
f64 = lambda x: x.astype(np.float64)


def slerp(a, b, t):
    a, b = f64(a).ravel(), f64(b).ravel()
    c = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    if abs(c) > 0.9995:
        return (1 - t) * a + t * b
    th = np.arccos(c)
    return (np.sin((1 - t) * th) * a + np.sin(t * th) * b) / np.sin(th)


def top(d, k):
    keep = np.zeros(d.size, bool)
    keep[np.lexsort((np.arange(d.size), -np.abs(d.ravel())))[:k]] = True
    return np.where(keep.reshape(d.shape), d, 0)


def vote(p, w, normalize, tie=1.0):
    total = sum(p)
    s = np.where(total > 0, 1.0, np.where(total < 0, -1.0, tie))
    agree = [(np.sign(x) == s) for x in p]
    num = sum(x * m for x, m in zip(p, agree))
    den = sum(a * m for a, m in zip(w, agree))
    return num / np.where(np.abs(den) < 1e-8, 1, den) if normalize else num


def ties(density, lam, normalize):
    out = {}
    for n, b in base.items():
        d = [f64(m[n]) - f64(b) for m in models]
        p = [a * top(x, int(density * x.size)) for a, x in zip(weights, d)]
        out[n] = f64(b) + lam * vote(p, weights, normalize)
    return out


def ties_paper(density, lam):
    names = sorted(base)
    flat = lambda m: np.concatenate([f64(m[n]).ravel() for n in names])
    b = flat(base)
    p = [top(flat(m) - b, int(density * b.size)) for m in models]
    majority = -1.0 if np.sum(np.sign(sum(p))) < 0 else 1.0
    merged = b + lam * vote(p, [1] * 3, True, majority)
    out, at = {}, 0
    for n in names:
        out[n] = merged[at : at + base[n].size]
        at += base[n].size
    return out


def norm(v):
    return np.linalg.norm(v, axis=-1, keepdims=True)


def nuslerp(a, b, t, axis=None):
    """Along the last axis by default; `axis=0` along the first; whole tensors come in flat."""
    if axis == 0 and a.ndim > 1:
        a, b = np.swapaxes(a, 0, -1), np.swapaxes(b, 0, -1)
    u, v = a / np.maximum(norm(a), 1e-7), b / np.maximum(norm(b), 1e-7)
    th = np.arccos(np.clip((u * v).sum(-1, keepdims=True), -1, 1))
    sine = np.sin(th)
    flat = np.abs(sine) < 1e-8
    safe = np.where(flat, 1, sine)
    r = np.where(flat, (1 - t) * a + t * b, (np.sin((1 - t) * th) * a + np.sin(t * th) * b) / safe)
    return np.swapaxes(r, 0, -1) if axis == 0 and a.ndim > 1 else r


def multislerp(vs, w, eps=1e-8):
    vs = [f64(v).ravel() for v in vs]
    w = np.asarray(w) / np.sum(w)
    norms = [np.linalg.norm(v) for v in vs]
    us = [v / (n + eps) for v, n in zip(vs, norms)]
    m = sum(a * u for a, u in zip(w, us))
    m = m / np.linalg.norm(m)
    step = sum(a * (u - (u @ m) * m) for a, u in zip(w, us))
    size = np.linalg.norm(step)
    if size > eps:
        m = m * np.cos(size) + step * np.sin(size) / size
    return m * sum(a * n for a, n in zip(w, norms))


def karcher(vs, max_iter=10, tol=1e-5):
    vs = [f64(v).ravel() for v in vs]
    norms = [np.linalg.norm(v) for v in vs]
    us = [v / n for v, n in zip(vs, norms) if n > 0]
    u = sum(us) / np.linalg.norm(sum(us))
    for _ in range(max_iter):
        step = 0
        for x in us:
            th = np.arccos(np.clip(x @ u, -1, 1))
            if th >= tol:
                step = step + th / np.sin(th) * (x - np.cos(th) * u) / len(us)
        size = np.linalg.norm(step)
        if size < tol:
            break
        u = np.cos(size) * u + np.sin(size) * step / size
        u = u / np.linalg.norm(u)
    return u * sum(norms) / len(norms)


def crumbs(d, density, gamma, buggy=False):
    n = d.size
    if density >= 1:
        return d
    k, top_n = int(density * n), int(gamma * n)
    bottom = n - k - top_n
    if bottom < 0:
        top_n += bottom
        bottom = 0
    if buggy and top_n == 0:
        return np.zeros_like(d)
    order = np.lexsort((-np.arange(n), np.abs(d.ravel())))
    keep = np.zeros(n, bool)
    keep[order[bottom : n - top_n]] = True
    return np.where(keep.reshape(d.shape), d, 0)


def crumb_rows(d, density, gamma):
    # Along the last axis: the largest int(n * gamma) go first, then the largest int(n * density) of what is left stay.
    out = np.zeros_like(d)
    for place in np.ndindex(d.shape[:-1]):
        row = d[place]
        order = np.argsort(-np.abs(row), kind="stable")
        top_n = int(row.size * gamma)
        keep = order[top_n : top_n + int(row.size * density)]
        out[place][keep] = row[keep]
    return out


deltas = lambda n: [f64(m[n]) - f64(base[n]) for m in models]


def stock(n, filter_wise, ms=None, clamp=True):
    shape = shapes[n]
    rows = shape[0] if filter_wise and len(shape) > 1 else 1
    d = [(f64(m[n]) - f64(base[n])).reshape(rows, -1) for m in (ms or models)]
    k = len(d)
    cos = [
        np.clip((d[i] * d[j]).sum(-1, keepdims=True) / norm(d[i]) / norm(d[j]), -1, 1)
        for i in range(k)
        for j in range(i + 1, k)
    ]
    c = sum(cos) / len(cos)
    t = k * c / (1 + (k - 1) * c)
    if clamp:
        t = np.clip(t, 0, 1)
    b = f64(base[n]).reshape(rows, -1)
    return t * (b + sum(d) / k) + (1 - t) * b


def sce(n, topk):
    d = np.stack([x.ravel() for x in deltas(n)])
    if topk < 1:
        var = d.var(axis=0).astype(np.float32)
        keep = top(var, int(np.count_nonzero(var) * topk)) != 0
        d = d * keep
    w = (d**2).mean(axis=1)
    w = np.full(len(d), 1 / len(d)) if w.sum() < 1e-6 else w / w.sum()
    sign = np.where(d.sum(axis=0) >= 0, 1, -1)
    agree = np.sign(d) == sign
    num, den = (w[:, None] * d * agree).sum(0), (w[:, None] * agree).sum(0)
    return f64(base[n]).ravel() + num / np.maximum(den, 1e-6)


def nearswap(n, t):
    a, b = f64(base[n]), f64(models[0][n])
    k = np.clip(t / np.maximum(np.abs(a - b), 1e-6), 0, 1)
    return k * b + (1 - k) * a


def arcee(n):
    shape = shapes[n]
    rows = shape[0] if len(shape) > 1 else 1
    a, b = f64(base[n]).reshape(rows, -1), f64(models[1][n]).reshape(rows, -1)
    soft = lambda x: (lambda e: e / e.sum(-1, keepdims=True))(np.exp(x - x.max(-1, keepdims=True))) + 1e-8
    p, q = soft(b), soft(a)
    score = (np.abs(b - a) * (p * np.log(p / q)).sum(-1, keepdims=True)).astype(np.float32)
    order = np.sort(score.ravel())
    at = lambda x: float(order[int(np.floor(x * (order.size - 1)))])
    return np.where(score >= at(0.5) + 1.5 * (at(0.75) - at(0.25)), b, a)


def ram(n, eps, plus=None):
    d = np.stack([x.ravel() for x in deltas(n)])
    active = np.abs(d) > eps
    count = active.sum(0)
    out = np.zeros(d.shape[1])
    for j in range(d.shape[1]):
        who = np.flatnonzero(active[:, j])
        if len(who) == 1:
            i = who[0]
            factor = 1.0
            if plus:
                r, alpha = plus
                unique = (active[i] & (count == 1)).sum()
                shared = (active[i] & (count > 1)).sum()
                factor = 1 + r * np.clip(shared / unique, 0, alpha)
            out[j] = d[i, j] * factor
        elif len(who) > 1:
            out[j] = d[who, j].mean()
    return f64(base[n]).ravel() + out


each = lambda f: {n: f(n) for n in shapes}
onto = lambda f: each(lambda n: f64(base[n]) + f(n))
m0, m1, m2 = models
opposite = [m0, {n: f32(2 * f64(base[n]) - f64(w)) for n, w in m0.items()}]
t_nu = 0.75 / 1.25
flat = lambda x: f64(x).ravel()
cases = {
    "uniformSoup": each(lambda n: sum(f64(m[n]) for m in models) / 3),
    "linear": each(lambda n: sum(a * f64(m[n]) for a, m in zip(weights, models)) / sum(weights)),
    "linearSum": each(lambda n: sum(a * f64(m[n]) for a, m in zip(weights, models))),
    "slerp": each(lambda n: slerp(m0[n], m2[n], 0.3)),
    "taskArithmetic": onto(lambda n: 0.4 * sum(a * d for a, d in zip(weights, deltas(n)))),
    "tiesMerge": ties(0.4, 0.7, True),
    "tiesMergeSum": ties(0.4, 0.7, False),
    "tiesMergePaper": ties_paper(0.2, 1.0),
    "nuslerp": each(lambda n: nuslerp(flat(m0[n]), flat(m1[n]), t_nu)),
    "nuslerpRow": each(lambda n: nuslerp(f64(m0[n]), f64(m1[n]), t_nu)),
    "nuslerpColumn": each(lambda n: nuslerp(f64(m0[n]), f64(m1[n]), t_nu, axis=0)),
    "nuslerpBase": onto(lambda n: nuslerp(*(d.ravel() for d in deltas(n)[:2]), t_nu).reshape(shapes[n])),
    "multislerp": each(lambda n: multislerp([m[n] for m in models], weights)),
    "multislerpBase": onto(lambda n: multislerp(deltas(n), weights).reshape(shapes[n])),
    "karcher": each(lambda n: karcher([m[n] for m in models])),
    "karcherFar": each(lambda n: karcher([base[n], m2[n][::-1], m1[n]], 4, 0)),
    "breadcrumbs": onto(lambda n: 0.5 * sum(a * crumbs(d, 0.5, 0.1) for a, d in zip(weights, deltas(n)))),
    "breadcrumbsMergekit": onto(lambda n: sum(crumbs(d, 0.5, 0.1, True) for d in deltas(n))),
    "breadcrumbsRows": onto(lambda n: 0.2 * sum(crumb_rows(d, 0.5, 0.2) for d in deltas(n))),
    "breadcrumbsTies": onto(lambda n: vote([a * crumbs(d, 0.3, 0.2) for a, d in zip(weights, deltas(n))], weights, True)),
    "modelStock": each(lambda n: stock(n, False)),
    "modelStockFilters": each(lambda n: stock(n, True)),
    "modelStockMergekit": each(lambda n: stock(n, False, [m0, m1, opposite[1]], clamp=False)),
    "sce": each(lambda n: sce(n, 1)),
    "sceSelect": each(lambda n: sce(n, 0.4)),
    "nearswap": each(lambda n: nearswap(n, 0.05)),
    "arceeFusion": each(arcee),
    "ram": each(lambda n: ram(n, 0.15)),
    "ramPlus": each(lambda n: ram(n, 0.15, (0.1, 0.7))),
}
rounded = lambda d: {n: [float(x) for x in np.asarray(v).ravel()] for n, v in d.items()}
json.dump(
    {
        "origin": f"merge.py beside this file, numpy {np.__version__}, float64",
        "shapes": shapes,
        "weights": weights,
        "base": rounded(base),
        "models": [rounded(m) for m in models],
        "expected": {k: rounded(v) for k, v in cases.items()},
    },
    sys.stdout,
)
