"""Numbers for cma-es.json: CMA-ES after Hansen's tutorial (arXiv:1604.00772, figure 6 and table 1), in numpy float64, on given normal
draws.

Run: python3 cma-es.py > cma-es.json
"""
import json
import numpy as np


def constants(n, lam):
    w = np.log((lam + 1) / 2) - np.log(np.arange(1, lam + 1))
    mu = lam // 2
    mueff = w[:mu].sum() ** 2 / (w[:mu] ** 2).sum()
    mueffm = w[mu:].sum() ** 2 / (w[mu:] ** 2).sum()
    cs = (mueff + 2) / (n + mueff + 5)
    ds = 1 + 2 * max(0, np.sqrt((mueff - 1) / (n + 1)) - 1) + cs
    cc = (4 + mueff / n) / (n + 4 + 2 * mueff / n)
    c1 = 2 / ((n + 1.3) ** 2 + mueff)
    cmu = min(1 - c1, 2 * (1 / 4 + mueff + 1 / mueff - 2) / ((n + 2) ** 2 + 2 * mueff / 2))
    alpha = min(1 + c1 / cmu, 1 + 2 * mueffm / (mueff + 2), (1 - c1 - cmu) / (n * cmu))
    w = np.where(w >= 0, w / w[w > 0].sum(), alpha * w / abs(w[w < 0].sum()))
    return w, mu, mueff, cs, ds, cc, c1, cmu


def search(f, m, sigma, lam, generations, rng):
    n = len(m)
    w, mu, mueff, cs, ds, cc, c1, cmu = constants(n, lam)
    chi = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))
    C, ps, pc = np.eye(n), np.zeros(n), np.zeros(n)
    trace = []
    for g in range(generations):
        values, B = np.linalg.eigh(C)
        root = B @ np.diag(np.sqrt(values)) @ B.T
        inverse = B @ np.diag(1 / np.sqrt(values)) @ B.T
        y = rng.normal(size=(lam, n)) @ root
        x = m + sigma * y
        fx = np.array([f(p) for p in x])
        order = np.argsort(fx, kind="stable")
        y = y[order]
        yw = w[:mu] @ y[:mu]
        m = m + sigma * yw
        ps = (1 - cs) * ps + np.sqrt(cs * (2 - cs) * mueff) * inverse @ yw
        h = np.linalg.norm(ps) / np.sqrt(1 - (1 - cs) ** (2 * (g + 1))) < (1.4 + 2 / (n + 1)) * chi
        pc = (1 - cc) * pc + h * np.sqrt(cc * (2 - cc) * mueff) * yw
        wo = np.where(w >= 0, w, w * n / ((inverse @ y.T) ** 2).sum(0))
        C = (1 + c1 * (1 - h) * cc * (2 - cc) - c1 - cmu * w.sum()) * C + c1 * np.outer(pc, pc) + cmu * (wo * y.T) @ y
        sigma = sigma * np.exp(cs / ds * (np.linalg.norm(ps) / chi - 1))
        trace.append({"points": x.tolist(), "values": fx.tolist(), "mean": m.tolist(), "sigma": sigma, "covariance": C.tolist(),
                      "sigmaPath": ps.tolist(), "covariancePath": pc.tolist()})
    return trace


functions = {
    "sphere": lambda x: float((x**2).sum()),
    "rosenbrock": lambda x: float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()),
    "ellipsoid": lambda x: float((10 ** (6 * np.arange(len(x)) / (len(x) - 1)) * x**2).sum()),
}
runs = {}
for i, (name, (start, lam)) in enumerate({"sphere": ([2.0, -1.0, 0.5], 7), "rosenbrock": ([-1.0, 1.0], 6), "ellipsoid": ([1.0, 1.0, 1.0, 1.0], 9)}.items()):
    trace = search(functions[name], np.array(start), 0.5, lam, 25, np.random.default_rng(i))
    runs[name] = {"start": start, "population": lam, "sigma": 0.5, "generations": [trace[0], trace[1], trace[-1]], "told": [[t["points"], t["values"]] for t in trace]}
print(json.dumps({"origin": f"test/golden/cma-es.py with numpy {np.__version__}", "runs": runs}))
