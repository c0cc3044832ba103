# scikit-learn's linear quantile regression and boosting, for lib/python.mjs. Data: the folder in $BENCH_DATA.
import json, multiprocessing, os, sys, time, warnings
import numpy as np, sklearn
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor
warnings.filterwarnings('ignore')
print('scikit-learn ' + sklearn.__version__, flush=True)
folder = os.environ['BENCH_DATA']

def table(name, columns):
    values = np.fromfile(f'{folder}/{name}.f64').reshape(-1, columns)
    return np.ascontiguousarray(values[:, :-1]), values[:, -1].copy()

def linear(n, level):
    x, y = table('linear', 11)
    return QuantileRegressor(quantile=level, alpha=0, solver='highs').fit(x[:n], y[:n])

def boosting():
    x, y = table('boosting', 21)
    fit = lambda level: HistGradientBoostingRegressor(
        loss='quantile', quantile=level, max_iter=100, early_stopping=False).fit(x, y)
    return [fit(level) for level in (0.1, 0.5, 0.9)]

def timed_linear(n, level, answers):
    start = time.perf_counter()
    fit = linear(n, level)
    answers.put((time.perf_counter() - start, [fit.intercept_, *fit.coef_]))

def within(limit, n, level):
    answers = multiprocessing.Queue()
    process = multiprocessing.Process(target=timed_linear, args=(n, level, answers))
    process.start()
    try: seconds, coefficients = answers.get(timeout=limit)
    except Exception: seconds, coefficients = None, None
    process.terminate()
    return dict(seconds=seconds, coefficients=coefficients)

for line in sys.stdin:
    name, *rest = line.split()
    if name == 'linear-within': print(json.dumps(within(float(rest[0]), int(rest[1]), float(rest[2]))), flush=True)
    elif name == 'boosting-check':
        x, _ = table('boosting-test', 21)
        print(json.dumps([model.predict(x).tolist() for model in boosting()]), flush=True)
    else:
        start = time.perf_counter()
        for _ in range(int(rest[0])): boosting()
        print(time.perf_counter() - start, flush=True)
