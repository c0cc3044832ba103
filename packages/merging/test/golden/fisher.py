"""Reference numbers for Fisher information and Fisher merging. Knows nothing of the package: torch's autograd, one example at
a time, float64.

Run: python3 fisher.py > fisher.json
"""
import json
import sys

import numpy as np
import torch

rng = np.random.default_rng(11)
shapes = {"layers.0.weight": (6, 5), "layers.0.bias": (6,), "layers.1.weight": (3, 6), "layers.1.bias": (3,)}
f32 = lambda x: np.asarray(x, dtype=np.float32)
base = {n: rng.normal(size=s) for n, s in shapes.items()}
models = [{n: f32(w + rng.normal(size=w.shape) * scale) for n, w in base.items()} for scale in (0.3, 0.6, 1.2)]
inputs = f32(rng.normal(size=(7, 5)))
labels = rng.integers(0, 3, 7)
weights = [0.5, 0.2, 0.3]


def log_probabilities(w, x):
    h = torch.relu(w["layers.0.weight"] @ x + w["layers.0.bias"])
    return torch.log_softmax(w["layers.1.weight"] @ h + w["layers.1.bias"], 0)


def fisher(model, empirical):
    w = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in model.items()}
    total = {n: torch.zeros(shapes[n], dtype=torch.float64) for n in shapes}
    for x, label in zip(torch.tensor(inputs, dtype=torch.float64), labels):
        logs = log_probabilities(w, x)
        for c in [label] if empirical else range(3):
            grads = torch.autograd.grad(logs[c], list(w.values()), retain_graph=True)
            weight = 1.0 if empirical else logs[c].exp().item()
            for n, g in zip(w, grads):
                total[n] += weight * g.detach() ** 2
    return {n: (t / len(inputs)).numpy() for n, t in total.items()}


exact = [fisher(m, False) for m in models]


def merge(fishers, eps, normalize):
    lam = np.array(weights)
    if normalize:
        lam = lam / [np.sqrt(sum((f**2).sum() for f in fs.values())) for fs in fishers]
    return {
        n: sum(l * (f[n] + eps) * m[n] for l, f, m in zip(lam, fishers, models))
        / sum(l * (f[n] + eps) for l, f in zip(lam, fishers))
        for n in shapes
    }


nested = lambda d: {n: np.asarray(x).tolist() for n, x in d.items()}
json.dump(
    {
        "origin": f"fisher.py beside this file, torch {torch.__version__}, float64",
        "models": [nested(m) for m in models],
        "inputs": inputs.tolist(),
        "labels": labels.tolist(),
        "weights": weights,
        "exact": [nested(f) for f in exact],
        "empirical": nested(fisher(models[0], True)),
        "merged": nested(merge(exact, 1e-6, False)),
        "normalized": nested(merge(exact, 1e-3, True)),
    },
    sys.stdout,
)
