"""Numbers for population.json: three linear models of two layers' worth of weights, trained by gradient descent on squared errors and
averaged now and then (PAPA, PAPA-all, DART), in numpy float64.

The gradient is linear in the weights, so the mean of models that all see the same batch does not feel a shuffle: "shared" is where
WASH must end up too.

Run: python3 population.py > population.json
"""
import json
import numpy as np

rng = np.random.default_rng(7)
MODELS, STEPS, ROWS, D, LR = 3, 9, 6, 5, 0.05
start = rng.normal(size=(MODELS, 2, D))
x = rng.normal(size=(MODELS, STEPS, ROWS, 2, D))
y = rng.normal(size=(MODELS, STEPS, ROWS))


def grad(w, x, y):
    error = np.einsum("rld,ld->r", x, w) - y
    return 2 * np.einsum("r,rld->ld", error, x) / len(y), (error**2).mean()


def train(after, own_batches=True):
    w, losses = start.copy(), []
    for t in range(STEPS):
        step_losses = []
        for m in range(MODELS):
            source = m if own_batches else 0
            g, loss = grad(w[m], x[source, t], y[source, t])
            step_losses.append(loss)
            w[m] = w[m] - LR * g
        losses.append(float(np.mean(step_losses)))
        w = after(w, t + 1)
    return {"losses": losses, "models": w.tolist(), "params": w.mean(0).tolist()}


def papa(alpha, every):
    return lambda w, done: alpha * w + (1 - alpha) * w.mean(0) if done % every == 0 else w


def dart(warm_up, every):
    due = lambda done: done >= warm_up and (done - warm_up) % every == 0
    return lambda w, done: np.broadcast_to(w.mean(0), w.shape).copy() if due(done) else w


print(json.dumps({
    "origin": f"test/golden/population.py with numpy {np.__version__}, float64",
    "learningRate": LR, "start": start.tolist(), "x": x.tolist(), "y": y.tolist(),
    "papa": train(papa(0.9, 2)),
    "all": train(papa(0.0, 4)),
    "dart": train(dart(4, 2)),
    "independent": train(lambda w, done: w),
    "shared": train(lambda w, done: w, own_batches=False),
}))
