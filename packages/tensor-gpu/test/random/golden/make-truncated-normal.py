"""Writes truncated-normal.json: quantiles of the truncated standard normal distribution with 60 digits. Run: python3 make-truncated-normal.py > truncated-normal.json"""
import json
import mpmath
import numpy as np
from mpmath import erfc, erfinv, exp, inf, log, mp, mpf, pi, sqrt

mp.dps = 60
upper = lambda x: erfc(mpf(x) / sqrt(2)) / 2

def lower_quantile(p):
    """The x < 0 with the probability p <= 1/2 below it, by Newton's method on log p."""
    if p > 1e-3:
        return -sqrt(2) * erfinv(1 - 2 * p)
    x = -sqrt(-2 * log(p))
    for _ in range(200):
        step = (log(upper(-x)) - log(p)) * upper(-x) / (exp(-x * x / 2) / sqrt(2 * pi))
        x -= step
        if abs(step) < mpf(10) ** -45:
            return x

def quantile(u, v, low, high):
    if low >= 0:
        return -quantile(v, u, -high, -low)
    below, above = upper(-low), upper(high)
    mass = 1 - above - below
    if high <= 0:
        mass = upper(-high) - below
        return lower_quantile(below + u * mass)
    p, q = below + u * mass, above + v * mass
    return lower_quantile(p) if p <= q else -lower_quantile(q)

tails = [2.0**-48, 1e-12, 2.0**-25, 1e-6, 1e-3, 0.03, 0.1, 0.25, 0.5]
rows = []
for low, high in [
    (-2, 2), (-inf, inf), (0, inf), (-inf, 0), (-1, 3), (2, 3), (-3.5, -3.25), (5, inf), (10, 10.5), (-20, -19.5), (20, 21),
    (30, inf), (-100, -99.9), (37, 38), (0.5, 0.5001), (1e-6, 2e-6), (-1e-3, 1e-3), (-8, 9), (-inf, -6), (1000, 1001),
]:
    small = [mpf(float(np.float32(t))) for t in tails]
    pairs = [(t, 1 - t) for t in small] + [(1 - t, t) for t in small]
    show = lambda x: str(x) if abs(x) == inf else float(x)
    rows.append({"low": show(low), "high": show(high), "u": [float(u) for u, _ in pairs], "v": [float(v) for _, v in pairs],
                 "x": [float(quantile(u, v, mpf(low), mpf(high))) for u, v in pairs]})
print(json.dumps({"origin": f"mpmath {mpmath.__version__}, 60 digits, make-truncated-normal.py", "rows": rows}))
