"""Reference numbers for tangent models. Knows nothing of the package: torch's Jacobian-vector product, float64.

Run: python3 linearize.py > linearize.json
"""
import json
import sys

import numpy as np
import torch

rng = np.random.default_rng(5)
shapes = {"layers.0.weight": (6, 5), "layers.0.bias": (6,), "layers.1.weight": (3, 6), "layers.1.bias": (3,)}
f32 = lambda x: np.asarray(x, dtype=np.float32)
base = {n: f32(rng.normal(size=s)) for n, s in shapes.items()}
tuned = {n: f32(w + 0.3 * rng.normal(size=w.shape)) for n, w in base.items()}
inputs = f32(rng.normal(size=(4, 5)))
t = lambda x: torch.tensor(x, dtype=torch.float64)


def logits(*w):
    h = torch.tanh(t(inputs) @ w[0].T + w[1])
    return h @ w[2].T + w[3]


start = tuple(t(base[n]) for n in shapes)
change = tuple(t(tuned[n]) - t(base[n]) for n in shapes)
value, tangent = torch.autograd.functional.jvp(logits, start, change)
nested = lambda d: {n: np.asarray(x).tolist() for n, x in d.items()}
json.dump(
    {
        "origin": f"linearize.py beside this file, torch {torch.__version__}, float64",
        "base": nested(base),
        "tuned": nested(tuned),
        "inputs": inputs.tolist(),
        "outputs": (value + tangent).tolist(),
    },
    sys.stdout,
)
