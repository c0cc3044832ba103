"""Reference numbers for alignment: linear assignment, weight and activation matching, singular vectors, batch norm's statistics.
Knows nothing of the package: numpy, scipy and torch.

Run: python3 align.py > align.json
"""
import json

import numpy as np
import scipy
import torch
from scipy.optimize import linear_sum_assignment

rng = np.random.default_rng(20260711)
f32 = lambda x: np.asarray(x, dtype=np.float32)
flat = lambda d: {n: f32(w).ravel().tolist() for n, w in d.items()}


def assignments():
    cases = []
    for rows, columns, kind in [(1, 1, "normal"), (5, 5, "normal"), (40, 40, "normal"), (12, 30, "normal"), (30, 12, "normal"),
                                (25, 25, "ties"), (20, 33, "ties"), (16, 16, "product")]:
        cost = rng.normal(size=(rows, columns)).round(3)
        if kind == "ties":
            cost = rng.integers(-3, 3, size=(rows, columns)).astype(float)
        if kind == "product":
            cost = np.outer(np.arange(rows) + 1.0, np.arange(columns) + 1.0)
        totals = []
        for maximize in (False, True):
            r, c = linear_sum_assignment(cost, maximize=maximize)
            totals.append(float(cost[r, c].sum()))
        cases.append({"rows": rows, "columns": columns, "cost": cost.ravel().tolist(), "min": totals[0], "max": totals[1]})
    return cases


SIZES = [6, 9, 8, 4]


def mlp():
    out = {}
    for i, (n, m) in enumerate(zip(SIZES, SIZES[1:])):
        out[f"layers.{i}.weight"] = f32(rng.normal(size=(m, n)))
        out[f"layers.{i}.bias"] = f32(rng.normal(size=m))
    return out


a, b = mlp(), mlp()
x = f32(rng.normal(size=(50, SIZES[0])))


def weight_matching(orders):
    """Coordinate descent; layer l has rows P[l] and columns P[l-1]."""
    perms = [np.arange(SIZES[1]), np.arange(SIZES[2])]
    for sweep, order in enumerate(orders):
        moved = False
        for p in order:
            wa, wb = a[f"layers.{p}.weight"].astype(float), b[f"layers.{p}.weight"].astype(float)
            if p > 0:
                wb = wb[:, perms[p - 1]]
            s = wa @ wb.T + np.outer(a[f"layers.{p}.bias"].astype(float), b[f"layers.{p}.bias"].astype(float))
            na, nb = a[f"layers.{p + 1}.weight"].astype(float), b[f"layers.{p + 1}.weight"].astype(float)
            if p + 1 < 2:
                nb = nb[perms[p + 1]]
            s = s + na.T @ nb
            _, c = linear_sum_assignment(s, maximize=True)
            before = s[np.arange(len(s)), perms[p]].sum()
            if s[np.arange(len(s)), c].sum() > before + 1e-9:
                perms[p], moved = c, True
        if not moved:
            return {"permutations": [p.tolist() for p in perms], "sweeps": sweep + 1}
    raise RuntimeError("more orders are needed")


def hidden(m):
    h = [np.maximum(x.astype(float) @ m["layers.0.weight"].T.astype(float) + m["layers.0.bias"], 0)]
    h.append(np.maximum(h[0] @ m["layers.1.weight"].T.astype(float) + m["layers.1.bias"], 0))
    return h


def activation_matching(kind):
    out = []
    for ha, hb in zip(hidden(a), hidden(b)):
        if kind == "moment":
            s = ha.T @ hb / len(x)
        elif kind == "distance":
            s = -np.linalg.norm(ha.T[:, None] - hb.T[None], axis=2)
        else:
            with np.errstate(all="ignore"):
                s = np.nan_to_num(np.corrcoef(ha.T, hb.T)[: ha.shape[1], ha.shape[1]:])
        _, c = linear_sum_assignment(s, maximize=True)
        out.append({"permutation": c.tolist(), "similarities": s[np.arange(len(s)), c].tolist()})
    return out


def pleas(ratio, ridge):
    """Partial merge by distances, then ridge regression where separate units of one parent do not read those of the other."""
    pre = []
    for m in (a, b):
        m = {n: w.astype(float) for n, w in m.items()}
        h, outs, ins = x.astype(float), [], []
        for l in range(3):
            ins.append(h)
            outs.append(h @ m[f"layers.{l}.weight"].T + m[f"layers.{l}.bias"])
            h = np.maximum(outs[-1], 0)
        pre.append((ins, outs))
    sides = []
    for l in range(2):
        ha, hb = (np.maximum(pre[k][1][l], 0) for k in (0, 1))
        s = -np.linalg.norm(ha.T[:, None] - hb.T[None], axis=2)
        _, c = linear_sum_assignment(s, maximize=True)
        n = len(c)
        worst = np.sort(np.argsort(s[np.arange(n), c], kind="stable")[: int(np.floor(ratio * n + 0.5))])
        kept = np.setdiff1d(np.arange(n), worst)
        sides.append(((kept, c[kept]), (worst, c[worst])))

    def join(u, v, side):
        if side is None:
            return (u + v) / 2, [u.shape[1], u.shape[1]]
        (ma, mb), (sa, sb) = side
        return np.hstack([(u[:, ma] + v[:, mb]) / 2, u[:, sa], v[:, sb]]), [len(ma), len(ma) + len(sa)]

    layers = []
    for l in range(3):
        xs, cut_in = join(pre[0][0][l], pre[1][0][l], sides[l - 1] if l > 0 else None)
        ys, cut_out = join(pre[0][1][l], pre[1][1][l], sides[l] if l < 2 else None)
        d, o = xs.shape[1], ys.shape[1]
        ones = np.hstack([xs, np.ones((len(xs), 1))])
        penalty = np.diag([ridge * (xs**2).sum() / d] * d + [0.0])
        w = np.zeros((d + 1, o))
        columns = np.arange(d + 1)
        for lo, hi, ok in [(0, cut_out[0], columns >= 0), (cut_out[0], cut_out[1], (columns < cut_in[1]) | (columns == d)),
                           (cut_out[1], o, (columns < cut_in[0]) | (columns >= cut_in[1]))]:
            if hi > lo:
                z = ones[:, ok]
                w[np.ix_(ok, np.arange(lo, hi))] = np.linalg.solve(z.T @ z + penalty[np.ix_(ok, ok)], z.T @ ys[:, lo:hi])
        layers.append({"weight": w[:d].T.ravel().tolist(), "bias": w[d].tolist(), "shape": [o, d]})
    return {"ratio": ratio, "ridge": ridge, "layers": layers, "separate": [s[1][0].tolist() for s in sides]}


def singular(gamma, top):
    total, count, leading = 0.0, 0.0, []
    for l in range(3):
        (ua, sa, va), (ub, sb, vb) = (np.linalg.svd(m[f"layers.{l}.weight"].astype(float), full_matrices=False) for m in (a, b))
        pairs = (ua.T @ ub) * (va @ vb.T)
        ka, kb = (sa >= gamma * sa[0]).sum(), (sb >= gamma * sb[0]).sum()
        total += pairs[:ka, :kb].sum()
        count += np.sqrt(ka * kb)
        k = min(top, len(sa))
        leading.append(pairs[:k, :k].sum() / k)
    return {"gamma": gamma, "top": top, "alignment": total / count, "leading": leading}


def batch_norm():
    torch.manual_seed(0)
    conv1, bn1 = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4, momentum=None)
    conv2, bn2 = torch.nn.Conv2d(4, 5, 3, padding=1), torch.nn.BatchNorm2d(5, momentum=None)
    head = torch.nn.Linear(5, 3)
    images = torch.randn(24, 1, 4, 4)
    with torch.no_grad():
        for bn in (bn1, bn2):
            bn.weight.uniform_(0.5, 1.5)
            bn.bias.normal_()
        for batch in images.split(10):
            h = torch.nn.functional.max_pool2d(torch.relu(bn1(conv1(batch))), 2)
            torch.nn.functional.max_pool2d(torch.relu(bn2(conv2(h))), 2)
    params = {}
    for i, (conv, bn) in enumerate([(conv1, bn1), (conv2, bn2)]):
        params |= {f"features.{i}.conv.weight": conv.weight, f"features.{i}.conv.bias": conv.bias,
                   f"features.{i}.norm.weight": bn.weight, f"features.{i}.norm.bias": bn.bias}
    params |= {"classifier.0.weight": head.weight, "classifier.0.bias": head.bias}
    stats = {f"features.{i}.norm.{n}": getattr(bn, n) for i, bn in enumerate([bn1, bn2]) for n in ("running_mean", "running_var")}
    values = lambda d: {n: t.detach().numpy().ravel().tolist() for n, t in d.items()}
    return {"images": images.numpy().ravel().tolist(), "params": values(params), "statistics": values(stats)}


# The orders in which the package's generator draws the two groups, from key(3).
ORDERS = [[0, 1], [0, 1], [1, 0], [0, 1], [0, 1], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]
print(json.dumps({
    "origin": f"align.py beside this file, numpy {np.__version__}, scipy {scipy.__version__}, torch {torch.__version__}",
    "assignments": assignments(),
    "sizes": SIZES, "a": flat(a), "b": flat(b), "inputs": x.ravel().tolist(),
    "orders": ORDERS, "weightMatching": weight_matching(ORDERS),
    "activationMatching": {k: activation_matching(k) for k in ("moment", "correlation", "distance")},
    "singular": [singular(0.0, 5), singular(0.4, 2)],
    "pleas": [pleas(0.0, 1e-2), pleas(0.3, 1e-2), pleas(1.0, 1e-2)],
    "batchNorm": batch_norm(),
}))
