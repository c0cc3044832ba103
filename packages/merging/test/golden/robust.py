"""Reference numbers for robust weight signatures and metric weights. Knows nothing of the package: numpy, float64.

Run: python3 robust.py > robust.json
"""
import json
import sys

import numpy as np

rng = np.random.default_rng(3)
shapes = {"conv.weight": (4, 2, 3), "conv.bias": (4,)}
f32 = lambda x: np.asarray(x, dtype=np.float32)
base = {n: f32(rng.normal(size=s)) for n, s in shapes.items()}
tune = lambda scale: {n: f32(w + scale * rng.normal(size=w.shape)) for n, w in base.items()}
clean, noisy, blurred = tune(0.1), tune(0.2), tune(0.3)
f64 = lambda x: x.astype(np.float64)


def signature(robust):
    out = {}
    for n in shapes:
        a, v = f64(clean[n]) - f64(base[n]), f64(robust[n]) - f64(base[n])
        out[n] = v - (a * v).sum() / (a * a).sum() * a
    return out


both = [signature(noisy), signature(blurred)]
patched = {n: f64(clean[n]) + 0.4 * both[0][n] + 0.4 * both[1][n] for n in shapes}
losses, steps = [2.2, 1.1, 0.55, 0.3], [100, 200, 400, 900]
share = lambda x: (np.asarray(x) / np.sum(x)).tolist()
nested = lambda d: {n: np.asarray(x).tolist() for n, x in d.items()}
json.dump(
    {
        "origin": f"robust.py beside this file, numpy {np.__version__}, float64",
        "base": nested(base),
        "clean": nested(clean),
        "noisy": nested(noisy),
        "blurred": nested(blurred),
        "signature": nested(both[0]),
        "patched": nested(patched),
        "losses": losses,
        "steps": steps,
        "weights": {
            "losses": share([1 / x for x in losses]),
            "lossesSharp": share([x**-2.5 for x in losses]),
            "lossesSoftmax": share(np.exp(-1.5 * np.array(losses))),
            "steps": share(steps),
            "stepsSoftmax": share(np.exp(2 * np.array(steps) / 900)),
        },
    },
    sys.stdout,
)
