"""Writes linalg.json with NumPy/SciPy in float64 on inputs rounded to float32. Run: python3 make-linalg.py > linalg.json"""
import json
import numpy as np, scipy, scipy.linalg as sl

rng = np.random.default_rng(3)
f32 = lambda x: np.asarray(x, dtype=np.float32).astype(np.float64)
L = lambda x: np.asarray(x).tolist()
# The formula of the large inputs, repeated in the tests.
patterned = lambda m, n: f32([[((i * i * 7919 + j * 104729 + i * j * 31) % 1009) / 1009 - 0.5 for j in range(n)] for i in range(m)])
hilbert = lambda n: f32([[1 / (i + j + 1) for j in range(n)] for i in range(n)])

def signed(columns):
    """+1 or -1 per column: the first of the largest entries is positive."""
    return np.array([np.sign(c[np.argmax(np.abs(c) >= 0.999 * np.abs(c).max())]) for c in columns.T])

svds = {
    "one": [[-3.0]], "row": [[3.0, 4.0]], "column": [[0.0], [-5.0], [12.0]],
    "square": rng.normal(size=(4, 4)), "tall": rng.normal(size=(6, 3)), "wide": rng.normal(size=(3, 5)),
    "hilbert": hilbert(7), "vandermonde": np.vander(np.linspace(0.5, 3, 6), 4),
}
def svd(x):
    x = f32(x)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    sign = signed(u)
    return {"x": L(x), "u": L(u * sign), "s": L(s), "vt": L(vt * sign[:, None])}

values = {}
for name, x in {
    "80x60": patterned(80, 60), "60x80": patterned(60, 80), "200x40": patterned(200, 40), "100x100": patterned(100, 100),
    "hilbert 50": hilbert(50), "rank 3, 50x40": patterned(50, 3) @ patterned(3, 40),
}.items():
    values[name] = L(np.linalg.svd(f32(x), compute_uv=False))

def symmetric(n):
    x = rng.normal(size=(n, n)); return f32((x + x.T) / 2)
def eigh(x):
    w, v = np.linalg.eigh(x)
    return {"x": L(x), "values": L(w), "vectors": L(v * signed(v))}
gram = f32(rng.normal(size=(5, 8))); gram = f32(gram @ gram.T)
big = patterned(70, 70)

a, b = f32(rng.normal(size=(4, 4))), f32(rng.normal(size=(4, 2)))
tall, right = f32(rng.normal(size=(7, 3))), f32(rng.normal(size=(7, 2)))
flat = f32(np.outer([1, 2, 3, 4], [1, -1, 2]))
def lstsq(a, b):
    x, _, rank, s = np.linalg.lstsq(a, b, rcond=max(a.shape) * 2.0**-23)
    return {"a": L(a), "b": L(b), "x": L(x), "rank": int(rank), "s": L(s), "residuals": L(((a @ x - b) ** 2).sum(0))}

print(json.dumps({
    "origin": f"NumPy {np.__version__}, SciPy {scipy.__version__}, float64 on float32 inputs, make-linalg.py",
    "svd": {name: svd(x) for name, x in svds.items()},
    "singularValues": values,
    "eigh": {"four": eigh(symmetric(4)), "gram": eigh(gram), "diagonal": eigh(np.diag([3.0, -1.0, 2.0]))},
    "eigenvalues": {"70": L(np.linalg.eigvalsh(f32((big + big.T) / 2)))},
    "cholesky": {"x": L(gram), "l": L(np.linalg.cholesky(gram))},
    "solve": {"a": L(a), "b": L(b), "x": L(np.linalg.solve(a, b)), "inv": L(np.linalg.inv(a)), "det": float(np.linalg.det(a))},
    "hilbertSolve": {"x": L(np.linalg.solve(hilbert(6), np.ones(6)))},
    "lstsq": {"tall": lstsq(tall, right), "wide": lstsq(tall.T.copy(), f32(rng.normal(size=3))), "deficient": lstsq(flat, f32([1, 0, 2, 1]))},
    "qr": {"x": L(tall), **dict(zip("qr", [L(p) for p in (lambda q, r: (q * np.sign(np.diag(r)), r * np.sign(np.diag(r))[:, None]))(*np.linalg.qr(tall))]))},
}))
