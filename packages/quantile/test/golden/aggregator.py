"""Expected values of test/aggregation/quantile-aggregator.test.ts and aggregate-quantiles.test.ts: run with numpy, scipy, scikit-learn, torch.

Predictions of local weights by torch in float64 (ELU network, softmax over the summed axis), ordered by scikit-learn's
IsotonicRegression; least pinball loss of global weights as a linear program by scipy's HiGHS.
"""
import json, sys
import numpy as np, scipy, sklearn, torch
from scipy.optimize import linprog
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(7)
n, d, p, m, h = 5, 2, 2, 3, 4
r = lambda *shape: np.round(rng.normal(size=shape), 3)
out = {"origin": f"test/golden/aggregator.py: numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, torch {torch.__version__}"}
levels, x, Z = [0.1, 0.5, 0.8], r(n, d), r(n, p, m)
center, scale, yc, ys = r(d), np.abs(r(d)) + 0.5, 0.75, 2.5
cases = []
for resolution, (s, t) in {"coarse": (p, 1), "medium": (p, m), "fine": (p * m, m)}.items():
    w1, b1, w2, b2 = r(h, d), r(h), r(s * t, h), r(s * t)
    T = lambda a: torch.tensor(a, dtype=torch.float64)
    hidden = torch.nn.functional.elu(T((x - center) / scale) @ T(w1).T + T(b1))
    w = torch.softmax((hidden @ T(w2).T + T(b2)).reshape(n, s, t), dim=1)
    z = T((Z - yc) / ys)
    g = (w * z).sum(1) if resolution != "fine" else torch.einsum("ns,nsk->nk", z.reshape(n, s), w)
    raw = (yc + ys * g).numpy()
    iso = np.array([IsotonicRegression().fit_transform(np.arange(m), row) for row in raw])
    cases.append({"resolution": resolution, "layers": [
        {"inputs": d, "outputs": h, "weight": w1.ravel().tolist(), "bias": b1.tolist()},
        {"inputs": h, "outputs": s * t, "weight": w2.ravel().tolist(), "bias": b2.tolist()}],
        "weights": w.reshape(n, -1).tolist(), "raw": raw.tolist(), "isotonic": iso.tolist()})
out["local"] = {"levels": levels, "x": x.tolist(), "models": Z.transpose(1, 0, 2).tolist(), "center": center.tolist(), "scale": scale.tolist(), "y": [yc, ys], "cases": cases}

n, p, taus = 200, 3, [0.1, 0.5, 0.9]
m = len(taus)
y = np.round(rng.normal(size=n) + rng.normal(size=n) * 0.5, 4)
mu = np.round(np.stack([y + rng.normal(size=n) * s for s in (0.6, 0.9, 1.2)]), 4)
Z = np.round(mu[:, :, None] + np.array([0.7, 1.3, 0.4])[:, None, None] * np.array([-1.28, 0, 1.28]), 4)  # [p, n, m]

def best(blocks):
    """blocks: (source matrix [n, s], level) sharing one convex weight vector."""
    s = blocks[0][0].shape[1]; k = len(blocks)
    c = np.concatenate([np.zeros(s)] + [np.full(n, tau) for _, tau in blocks] + [np.full(n, 1 - tau) for _, tau in blocks])
    A = np.zeros((n * k + 1, s + 2 * n * k)); b = np.zeros(n * k + 1)
    for i, (S, _) in enumerate(blocks):
        A[i * n:(i + 1) * n, :s] = S; b[i * n:(i + 1) * n] = y
        A[i * n:(i + 1) * n, s + i * n:s + (i + 1) * n] = np.eye(n)
        A[i * n:(i + 1) * n, s + (k + i) * n:s + (k + i + 1) * n] = -np.eye(n)
    A[-1, :s] = 1; b[-1] = 1
    return linprog(c, A_eq=A, b_eq=b, method="highs").fun

coarse = best([(Z[:, :, k].T, tau) for k, tau in enumerate(taus)]) / (n * m)
medium = sum(best([(Z[:, :, k].T, tau)]) for k, tau in enumerate(taus)) / (n * m)
fine = sum(best([(Z.transpose(1, 0, 2).reshape(n, -1), tau)]) for tau in taus) / (n * m)
out["global"] = {"levels": taus, "y": y.tolist(), "models": Z.tolist(), "least": {"coarse": coarse, "medium": medium, "fine": fine}}
json.dump(out, open(sys.argv[1], "w"), separators=(",", ":"))
