"""Writes optimizers.json: three steps of every optimiser from fixed gradients, in float64: PyTorch's own optimisers where it has them, numpy
after the papers (Lion, Muon, SAM, ASAM) otherwise. Run: python3 make-optimizers.py > optimizers.json"""
import json, numpy as np, torch
torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(7)
start = {"a.weight": rng.normal(size=(3, 2)).round(3), "b.weight": rng.normal(size=(2, 3)).round(3), "b.bias": rng.normal(size=3).round(3)}
grads = [{k: rng.normal(size=v.shape).round(3) for k, v in start.items()} for _ in range(3)]
traces = {}


def torch_run(name, make):
    p = {k: torch.tensor(v, requires_grad=True) for k, v in start.items()}
    opt = make(list(p.values())); out = []
    for g in grads:
        for k in p: p[k].grad = torch.tensor(g[k])
        opt.step(); out.append({k: t.detach().numpy().copy() for k, t in p.items()})
    traces[name] = out


def numpy_run(name, step):
    p = {k: v.copy() for k, v in start.items()}; state = {}; out = []
    for t, g in enumerate(grads, 1):
        for k in p: p[k] = step(k, p[k], g[k], state.setdefault(k, {}), t)
        out.append({k: v.copy() for k, v in p.items()})
    traces[name] = out


O = torch.optim
torch_run("sgd", lambda p: O.SGD(p, lr=0.1, weight_decay=0.02))
torch_run("momentum", lambda p: O.SGD(p, lr=0.1, momentum=0.9))
torch_run("nesterov", lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.02))
torch_run("adam", lambda p: O.Adam(p, lr=0.1, weight_decay=0.02))
torch_run("adamw", lambda p: O.AdamW(p, lr=0.1, betas=(0.8, 0.95), weight_decay=0.05))
torch_run("adagrad", lambda p: O.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.02))
torch_run("rmsprop", lambda p: O.RMSprop(p, lr=0.1, alpha=0.9, weight_decay=0.02))
torch_run("rmspropCentered", lambda p: O.RMSprop(p, lr=0.1, alpha=0.9, centered=True, momentum=0.5))


def lion(k, w, g, s, t, lr=0.1, b1=0.9, b2=0.99, wd=0.1):
    m = s.get("m", np.zeros_like(w)); s["m"] = b2 * m + (1 - b2) * g
    return w - lr * (np.sign(b1 * m + (1 - b1) * g) + wd * w)


def newton_schulz(g):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (np.linalg.norm(g) + 1e-7)
    for _ in range(5):  # the odd polynomial on singular values, written without transposing
        gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
        poly = b * gram + c * gram @ gram
        x = a * x + (poly @ x if x.shape[0] <= x.shape[1] else x @ poly)
    return x


def muon(k, w, g, s, t, lr=0.1, beta=0.95, wd=0.1):
    if w.ndim < 2:  # AdamW, rate 0.01
        s["m"] = 0.9 * s.get("m", 0) + 0.1 * g; s["v"] = 0.95 * s.get("v", 0) + 0.05 * g * g
        return w - 0.01 * (s["m"] / (1 - 0.9**t)) / (np.sqrt(s["v"] / (1 - 0.95**t)) + 1e-8)
    s["m"] = beta * s.get("m", 0) + (1 - beta) * g
    update = newton_schulz((1 - beta) * g + beta * s["m"])
    return w * (1 - lr * wd) - lr * max(1, w.shape[0] / w.shape[1]) ** 0.5 * update


numpy_run("lion", lion)
numpy_run("muon", muon)

# SAM on f(w) = sum(c w^2 / 2 + w^4 / 4): its gradient c w + w^3 is taken twice a step.
curve = {k: np.abs(rng.normal(size=v.shape)).round(3) for k, v in start.items()}
slope = lambda p: {k: curve[k] * p[k] + p[k] ** 3 for k in p}
norm = lambda d: np.sqrt(sum((v**2).sum() for v in d.values()))
for name, adaptive, rho in [("sam", False, 0.05), ("asam", True, 0.5)]:
    p = {k: v.copy() for k, v in start.items()}; out = []
    for _ in range(3):
        g = slope(p)
        if adaptive: e = {k: p[k] ** 2 * g[k] * rho / (norm({k: np.abs(p[k]) * g[k] for k in p}) + 1e-12) for k in p}
        else: e = {k: g[k] * rho / (norm(g) + 1e-12) for k in p}
        g = slope({k: p[k] + e[k] for k in p}); p = {k: p[k] - 0.1 * g[k] for k in p}
        out.append({k: v.copy() for k, v in p.items()})
    traces[name] = out

clipped = [torch.tensor(v) for v in grads[0].values()]
params = [torch.nn.Parameter(torch.zeros_like(t)) for t in clipped]
for q, t in zip(params, clipped): q.grad = t.clone()
torch.nn.utils.clip_grad_norm_(params, 1.0)
L = lambda d: {k: v.tolist() for k, v in d.items()}
print(json.dumps({
    "origin": f"PyTorch {torch.__version__} and numpy {np.__version__}, float64, make-optimizers.py",
    "start": L(start), "grads": [L(g) for g in grads], "curve": L(curve), "traces": {k: [L(s) for s in v] for k, v in traces.items()},
    "clipped": {k: q.grad.tolist() for k, q in zip(start, params)},
}))
