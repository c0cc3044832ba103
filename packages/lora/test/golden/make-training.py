"""Numbers of the training methods, from torch and NumPy alone: writes ../__fixtures__/training.json.

Run: /usr/bin/python3 make-training.py
Weights and data are sines, so that a test can make them without reading them.
"""

import json
import os

import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def wave(shape, start, factor=1.0):
    """factor * sin(start + 1.7 i) for i = 0, 1, …, in row-major order, rounded to float32."""
    count = int(np.prod(shape))
    values = factor * np.sin(start + 1.7 * np.arange(count))
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def numbers(t):
    return [float(x) for x in torch.as_tensor(t).detach().reshape(-1)]


def lift():
    w = wave((9, 7), 0.3) + 0.4 * wave((9, 7), 2.0) ** 2
    u, s, vt = np.linalg.svd(w.numpy(), full_matrices=False)
    low = np.abs((u[:, :2] * s[:2]) @ vt[:2]).reshape(-1)
    order = np.argsort(-low, kind="stable")
    return {"weight": numbers(w), "rank": 2, "count": 12, "mask": sorted(int(i) for i in order[:12])}


def lora_plus():
    a, b = wave((2, 3), 0.1).requires_grad_(), wave((4, 2), 0.7).requires_grad_()
    groups = [{"params": [a], "lr": 0.01, "weight_decay": 0.1}, {"params": [b], "lr": 0.08, "weight_decay": 0.1}]
    optimizer = torch.optim.AdamW(groups, eps=1e-8)
    target = wave((4, 3), 1.9)
    for _ in range(5):
        optimizer.zero_grad()
        ((b @ a - target) ** 2).mean().backward()
        optimizer.step()
    return {"a": numbers(a), "b": numbers(b)}


def flora():
    weight, x = wave((6, 4, 3, 3), 0.2, 0.3), wave((2, 4, 6, 6), 0.9)
    core = wave((3, 2, 2, 2), 0.4)
    factors = [wave(shape, 0.5 + i) for i, shape in enumerate([(6, 3), (4, 2), (3, 2), (3, 2)])]
    delta = 0.5 * torch.einsum("abcd,ia,jb,kc,ld->ijkl", core, *factors)
    out = torch.nn.functional.conv2d(x, weight + delta, stride=2, padding=1)
    return {"output": numbers(out), "delta": numbers(delta)}


SIZES = [(6, 5), (6, 6), (3, 6)]


def mlp(weights, x, taps=None):
    for i, w in enumerate(weights):
        x = x @ w.T
        if taps is not None:
            taps.append(x)
        if i < len(weights) - 1:
            x = torch.relu(x)
    return x


def network():
    weights = [wave(shape, 0.3 + i, 0.8) for i, shape in enumerate(SIZES)]
    return weights, wave((8, 5), 2.2), torch.arange(8) % 3


def pela():
    weights, x, y = network()
    ratio = 1.5
    student, changes = [], []
    for w in weights[:2]:
        out, inputs = w.shape
        rank = int(out * inputs // (ratio * (out + inputs)))
        u, s, vt = torch.linalg.svd(w, full_matrices=False)
        low = (u[:, :rank] * s[:rank]) @ vt[:rank]
        student.append(low)
        changes.append((low - w).abs().max())
    student.append(weights[2])
    mine, theirs = [], []
    out, reference = mlp(student, x, mine), mlp(weights, x, theirs)
    features = sum(((a - b) ** 2).mean() for a, b in zip(mine[:2], theirs[:2])) / 2
    loss = torch.nn.functional.cross_entropy(out, y)
    value = loss + 2 * features + 3 * ((out - reference) ** 2).mean()
    value = value + 4 * sum((c - 0.01) ** 2 for c in changes) / 2
    return {"objective": float(value)}


def rift():
    weights, x, y = network()
    cross = torch.nn.functional.cross_entropy
    before = float(cross(mlp(weights, x), y))
    found = []
    for i, start in enumerate(weights):
        w, most, limit = start.clone(), before, 0.2 * float(start.norm())
        for _ in range(4):
            for rows in [slice(0, 4), slice(4, 8)]:
                w = w.detach().requires_grad_()
                loss = cross(mlp(weights[:i] + [w] + weights[i + 1 :], x[rows]), y[rows])
                w = w.detach() + 0.5 * torch.autograd.grad(loss, w)[0]
            change = w - start
            if float(change.norm()) > limit:
                change = change * (limit / float(change.norm()))
            w = start + change
            most = max(most, float(cross(mlp(weights[:i] + [w] + weights[i + 1 :], x), y)))
        found.append(most - before)
    x2 = x.clamp(0, 1)
    attacked = x2.clone()
    for _ in range(3):
        attacked = attacked.detach().requires_grad_()
        slope = torch.autograd.grad(cross(mlp(weights, attacked), y), attacked)[0]
        attacked = (attacked.detach() + 0.04 * slope.sign()).clamp(x2 - 0.1, x2 + 0.1).clamp(0, 1)
    return {"criticality": found, "attacked": numbers(attacked)}


def lisa():
    """Both blocks in every period of 3 steps: their moments start anew, those of first and last layer go on."""
    weights, x, y = network()
    weights = [w.clone().requires_grad_() for w in [weights[0], weights[1], wave((6, 6), 5.0, 0.5), weights[2]]]
    ends = torch.optim.AdamW([weights[0], weights[3]], lr=0.05, weight_decay=0.1)
    losses = []
    for step in range(6):
        if step % 3 == 0:
            blocks = torch.optim.AdamW([weights[1], weights[2]], lr=0.05, weight_decay=0.1)
        loss = torch.nn.functional.cross_entropy(mlp(weights, x), y)
        losses.append(float(loss))
        ends.zero_grad()
        blocks.zero_grad()
        loss.backward()
        ends.step()
        blocks.step()
    return {"losses": losses, "first": numbers(weights[0]), "block": numbers(weights[1])}


def scales():
    logits, teacher = wave((2, 5, 3), 0.6, 2.0), wave((2, 5, 3), 1.1, 2.0)
    targets = torch.tensor([[0, 1, 2, 0, 1], [2, 1, 0, 2, 1]])
    each = torch.nn.functional.cross_entropy(logits.reshape(-1, 3), targets.reshape(-1), reduction="none").reshape(2, 5)
    weighted = (each * torch.tensor([1.0, 0.5, 0.5, 0.5, 0.5])).mean()
    p = torch.log_softmax(teacher / 2, -1)
    kl = (p.exp() * (p - torch.log_softmax(logits / 2, -1))).sum(-1).mean()
    return {"weighted": float(weighted), "distillation": float(0.5 * kl)}


result = {
    "origin": f"torch {torch.__version__}, numpy {np.__version__}, float64; by test/golden/make-training.py",
    "lift": lift(),
    "loraPlus": lora_plus(),
    "flora": flora(),
    "pela": pela(),
    "rift": rift(),
    "lisa": lisa(),
    "scales": scales(),
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../__fixtures__/training.json")
with open(path, "w") as file:
    json.dump(result, file)
    file.write("\n")
