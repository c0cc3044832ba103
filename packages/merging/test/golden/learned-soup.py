"""Reference numbers for learned soups. Knows nothing of the package: torch's autograd and AdamW, float64.

Run: python3 learned-soup.py > learned-soup.json
"""
import json
import sys

import numpy as np
import torch

rng = np.random.default_rng(7)
shapes = {"layers.0.weight": (6, 5), "layers.0.bias": (6,), "layers.1.weight": (3, 6), "layers.1.bias": (3,)}
f32 = lambda x: np.asarray(x, dtype=np.float32)
base = {n: rng.normal(size=s) for n, s in shapes.items()}
models = [{n: f32(w + rng.normal(size=w.shape) * scale) for n, w in base.items()} for scale in (0.3, 0.6, 1.2)]
batches = [{"inputs": f32(rng.normal(size=(8, 5))), "targets": rng.integers(0, 3, 8)} for _ in range(2)]
t = lambda x: torch.tensor(np.asarray(x), dtype=torch.float64)


def learn(by_tensor, epochs=5, lr=0.05):
    groups = sorted(shapes) if by_tensor else ["all"]
    free = torch.zeros(len(groups), len(models), dtype=torch.float64, requires_grad=True)
    beta = torch.ones((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.AdamW([free, beta], lr=lr, weight_decay=0)
    losses = []
    for _ in range(epochs):
        for batch in batches:
            alpha = torch.softmax(free, 1)
            row = lambda n: alpha[groups.index(n) if by_tensor else 0]
            w = {n: sum(a * t(m[n]) for a, m in zip(row(n), models)) for n in shapes}
            h = torch.relu(t(batch["inputs"]) @ w["layers.0.weight"].T + w["layers.0.bias"])
            logits = h @ w["layers.1.weight"].T + w["layers.1.bias"]
            loss = torch.nn.functional.cross_entropy(beta * logits, torch.tensor(batch["targets"]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    alpha = torch.softmax(free, 1)
    return {
        "coefficients": {g: alpha[i].tolist() for i, g in enumerate(groups)},
        "beta": beta.item(),
        "losses": losses,
    }


nested = lambda x: np.asarray(x).tolist()
json.dump(
    {
        "origin": f"learned-soup.py beside this file, torch {torch.__version__}, float64",
        "models": [{n: nested(w) for n, w in m.items()} for m in models],
        "batches": [{n: nested(x) for n, x in b.items()} for b in batches],
        "model": learn(False),
        "tensor": learn(True),
    },
    sys.stdout,
)
