# Weight matching in numpy with the assignment of scipy, for weight-matching.mjs.
import json, os, sys, time
import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment

folder = os.environ['WEIGHT_MATCHING']
with open(os.path.join(folder, 'problem.json')) as f:
    problem = json.load(f)
sizes, orders = problem['sizes'], problem['orders']
data, at, models = np.fromfile(os.path.join(folder, 'weights.bin'), dtype='<f4'), 0, []
for _ in range(2):
    model = []
    for n, m in zip(sizes, sizes[1:]):
        model.append((data[at:at + m * n].reshape(m, n), data[at + m * n:at + m * n + m]))
        at += m * n + m
    models.append(model)
a, b = models
hidden = len(sizes) - 2

def matching():
    perms = [np.arange(n) for n in sizes[1:-1]]
    for order in orders:
        moved = False
        for p in order:
            wb, nb = b[p][0], b[p + 1][0]
            if p > 0: wb = wb[:, perms[p - 1]]
            if p + 1 < hidden: nb = nb[perms[p + 1]]
            s = a[p][0] @ wb.T + np.outer(a[p][1], b[p][1]) + a[p + 1][0].T @ nb
            _, c = linear_sum_assignment(s, maximize=True)
            rows = np.arange(len(c))
            before = s[rows, perms[p]].sum(dtype=np.float64)
            if s[rows, c].sum(dtype=np.float64) > before + 1e-12 + 1e-6 * abs(before):
                perms[p], moved = c, True
        if not moved: return perms
    return perms

def cost(n):
    k = np.arange(n * n, dtype=np.float64)
    return np.fmod(np.sin(k * 12.9898) * 43758.5453, 1).reshape(n, n)

costs = {n: cost(n) for n in (512, 1024)}
work = {'matching': matching, **{f'assignment-{n}': (lambda n=n: linear_sum_assignment(costs[n])) for n in costs}}
print(f'scipy {scipy.__version__}', flush=True)
for line in sys.stdin:
    name, repeats = line.split()
    start = time.perf_counter()
    for _ in range(int(repeats)): work[name]()
    print(time.perf_counter() - start, flush=True)
