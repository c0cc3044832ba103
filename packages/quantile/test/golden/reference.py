"""Writes reference.json: what statsmodels, scikit-learn and scipy answer.

Usage: python3 reference.py <folder with engel.csv, concrete.txt, power-plant.txt> > reference.json
"""
import json, sys, warnings
import numpy as np, scipy, sklearn, statsmodels, statsmodels.api as sm
from scipy import integrate, stats
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import QuantileRegressor

warnings.filterwarnings("ignore")
folder = sys.argv[1]
engel = np.loadtxt(f"{folder}/engel.csv", delimiter=",", skiprows=1)
concrete = np.loadtxt(f"{folder}/concrete.txt")
plant = np.loadtxt(f"{folder}/power-plant.txt")
out = {"origin": f"statsmodels {statsmodels.__version__}, scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, script reference.py beside this file"}

def pinball(e, tau):
    return float(np.mean(np.maximum(tau * e, (tau - 1) * e)))

out["statsmodels"] = []
for name, table, tau, bandwidth in (("engel", engel, 0.5, "hsheather"), ("engel", engel, 0.1, "hsheather"), ("engel", engel, 0.5, "bofinger"), ("concrete", concrete, 0.75, "hsheather")):
    x = sm.add_constant(table[:, :-1])
    names = ["intercept"] + [f"x{j + 1}" for j in range(x.shape[1] - 1)]
    fit = sm.QuantReg(table[:, -1], x).fit(q=tau, bandwidth=bandwidth, p_tol=1e-12, max_iter=20000)
    out["statsmodels"].append({"table": name, "tau": tau, "bandwidth_rule": bandwidth, "standard_errors": fit.bse.tolist(), "t": fit.tvalues.tolist(),
        "p": fit.pvalues.tolist(), "interval": fit.conf_int().tolist(), "sparsity": float(fit.sparsity), "bandwidth": float(fit.bandwidth),
        "pseudo_r": float(fit.prsquared), "text": fit.summary(xname=names).as_text()})

x, y = concrete[:, :-1], concrete[:, -1]
weights = 1 + np.arange(len(y)) % 4
out["penalised"] = []
for alpha in (0.01, 0.5, 3.0):
    fit = QuantileRegressor(quantile=0.3, alpha=alpha, solver="highs").fit(x, y, sample_weight=weights)
    e = y - fit.predict(x)
    loss = np.sum(weights * np.maximum(0.3 * e, -0.7 * e))
    out["penalised"].append({"alpha": alpha, "intercept": float(fit.intercept_), "slopes": fit.coef_.tolist(), "objective": float(loss + weights.sum() * alpha * np.abs(fit.coef_).sum())})

train, test = plant[:6000], plant[6000:]
levels = [0.1, 0.5, 0.9]
out["power_plant"] = {"train_rows": 6000, "levels": levels,
    "boosting": [pinball(test[:, -1] - HistGradientBoostingRegressor(loss="quantile", quantile=q, early_stopping=False).fit(train[:, :-1], train[:, -1]).predict(test[:, :-1]), q) for q in levels]}
forest = RandomForestRegressor(100, min_samples_leaf=10, max_features=1, random_state=0).fit(train[:, :-1], train[:, -1])
order = np.argsort(train[:, -1])
leaves, asked = forest.apply(train[order, :-1]), forest.apply(test[:, :-1])
predicted = np.empty((len(test), 3))
for i, row in enumerate(asked):
    same = leaves == row
    share = np.cumsum((same / same.sum(0)).mean(1))
    predicted[i] = [train[order[np.searchsorted(share, q - 1e-12)], -1] for q in levels]
out["power_plant"]["forest"] = [pinball(test[:, -1] - predicted[:, k], q) for k, q in enumerate(levels)]

rng = np.random.default_rng(0)
a, b = np.round(rng.gamma(2, size=60), 3), np.round(rng.gamma(2.4, size=60), 3)
d = a - b
out["diebold_mariano"] = {"first": a.tolist(), "second": b.tolist()}
for h in (1, 3):
    for kernel in ("uniform", "bartlett"):
        t = sm.OLS(d, np.ones_like(d)).fit(cov_type="HAC", cov_kwds={"maxlags": h - 1, "kernel": kernel}).tvalues[0]
        out["diebold_mariano"][f"{kernel}_{h}"] = float(t)

def crps(cdf, y):
    below = integrate.quad(lambda v: cdf(v) ** 2, -40, y, limit=500, epsabs=1e-12, points=[0])[0]
    return below + integrate.quad(lambda v: (1 - cdf(v)) ** 2, y, 40, limit=500, epsabs=1e-12, points=[0] if y < 0 else None)[0]
out["crps_gaussian"] = [{"y": y, "mean": m, "deviation": s, "crps": crps(lambda v: stats.norm.cdf(v, m, s), y)} for y, m, s in ((0.3, 0, 1), (-2, 1, 0.5), (5, 1, 2))]
out["distributions"] = {
    "normal_cdf": [[x, float(stats.norm.cdf(x))] for x in (-37, -8, -3, -2.99, -0.3, 0, 1.5, 6)],
    "normal_quantile": [[p, float(stats.norm.ppf(p))] for p in (1e-300, 1e-10, 0.01, 0.3, 0.5, 0.975)],
    "student_cdf": [[t, df, float(stats.t.cdf(t, df))] for t, df in ((-2.5, 10), (-5, 233), (-42, 233), (1.3, 3), (-1, 1), (0.001, 5), (-1.2, 1e5))],
    "student_quantile": [[p, df, float(stats.t.ppf(p, df))] for p, df in ((0.975, 10), (0.95, 3), (0.6, 1), (0.1, 7), (0.975, 1e5))]}
print(json.dumps(out))
