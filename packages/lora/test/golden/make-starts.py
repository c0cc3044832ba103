"""Writes ../__fixtures__/starts.json: what PiSSA and OLoRA of PEFT leave of the base, what its mitigation of
intruder dimensions leaves of an update, what IncrementalPCA of scikit-learn and
LoftQ (written here after its description, with NumPy) give.

Run: python3 make-starts.py   (torch, peft as make-peft.py says, scikit-learn, numpy). The tests do not need Python.
"""

import json
import os
import sys
from importlib.machinery import SourceFileLoader

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "__fixtures__", "starts.json")


def wave(rows, columns, phase=0.0):
    i, j = np.arange(rows)[:, None], np.arange(columns)[None, :]
    return np.sin(phase + 1.7 * i + 2.3 * j + 0.31 * i * j).astype(np.float32)


def peft_starts():
    make = SourceFileLoader("make_peft", os.path.join(HERE, "make-peft.py")).load_module()
    result = {}
    for name, config in {
        "pissa": {"init_lora_weights": "pissa", "r": 3, "lora_alpha": 6},
        "pissa-rslora": {"init_lora_weights": "pissa", "r": 2, "lora_alpha": 3, "use_rslora": True},
        "olora": {"init_lora_weights": "olora", "r": 3, "lora_alpha": 6},
    }.items():
        net = torch.nn.Sequential(torch.nn.Linear(6, 8, bias=False))
        net[0].weight.data = torch.from_numpy(wave(8, 6))
        model = make.get_peft_model(net, make.LoraConfig(target_modules=["0"], **config))
        layer = model.base_model.model[0]
        result[name] = {
            "config": config,
            "reduced": layer.base_layer.weight.detach().flatten().tolist(),
            "delta": layer.get_delta_weight("default").detach().flatten().tolist(),
        }
    return result


def pca():
    from sklearn.decomposition import IncrementalPCA

    model = IncrementalPCA(n_components=3)
    batches = [wave(9, 5, 0.1), wave(7, 5, 0.9), wave(12, 5, 2.2)]
    for batch in batches:
        model.partial_fit(batch.astype(np.float64))
    return {
        "rows": [len(batch) for batch in batches],
        "phases": [0.1, 0.9, 2.2],
        "components": model.components_.flatten().tolist(),
        "singularValues": model.singular_values_.tolist(),
        "explainedVarianceRatio": model.explained_variance_ratio_.tolist(),
    }


NF4 = np.array([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
])


def nf4(w):
    flat = w.reshape(-1, 64)
    scale = np.abs(flat).max(axis=1, keepdims=True)
    return (NF4[np.abs((flat / scale)[..., None] - NF4).argmin(-1)] * scale).reshape(w.shape)


def int8(w):
    scale = np.abs(w).max(axis=1, keepdims=True) / 127
    return np.round(w / scale) * scale


def loftq():
    result = []
    for bits, quantise in ((4, nf4), (8, int8)):
        for iterations in (1, 3):
            w = wave(16, 12).astype(np.float64)
            residual = w
            for _ in range(iterations):
                q = quantise(residual)
                u, s, vt = np.linalg.svd(w - q, full_matrices=False)
                low = (u[:, :4] * s[:4]) @ vt[:4]
                residual = w - low
            result.append({
                "bits": bits, "iterations": iterations, "rank": 4,
                "error": float(np.linalg.norm(w - q - low)), "plain": float(np.linalg.norm(w - quantise(w))),
                "quantized": q.flatten().tolist(),
            })
    return result


def intruders():
    from peft.tuners.lora.intruders import reduce_intruder_dimension

    make = SourceFileLoader("make_peft", os.path.join(HERE, "make-peft.py")).load_module()
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(12, 10, bias=False))
    model = make.get_peft_model(net, make.LoraConfig(target_modules=["0"], r=2, lora_alpha=6))
    layer = model.base_model.model[0]
    a, b = torch.randn(2, 12), torch.randn(10, 2)
    layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = a, b
    w = layer.base_layer.weight.detach()
    u0, _, _ = torch.linalg.svd(w, full_matrices=False)
    u1, _, _ = torch.linalg.svd(w + layer.get_delta_weight("default").detach(), full_matrices=False)
    reduce_intruder_dimension(model, top_k=5, threshold_epsilon=0.75, mitigation_lambda=0.6, logging_sink=None)
    return {
        "weight": w.flatten().tolist(), "a": a.flatten().tolist(), "b": b.flatten().tolist(),
        "similarities": (u1.T @ u0).abs().max(dim=1).values.tolist(),
        "reduced": layer.get_delta_weight("intruder_reduced").detach().flatten().tolist(),
    }


if __name__ == "__main__":
    import sklearn

    origin = (f"make-starts.py: PEFT 0.21.0, torch {torch.__version__}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}, "
              f"Python {sys.version.split()[0]}")
    with open(OUT, "w") as file:
        json.dump({"origin": origin, "peft": peft_starts(), "pca": pca(), "loftq": loftq(), "intruders": intruders()}, file)
