import { foldIn } from '@weightloom/tensor-gpu';
import { assignFolds, type FoldOptions } from '../conformal/cross-fit.js';
import { type Matrix, type MatrixInput, selectRows } from '../internal/matrix.js';
import { toTrainingRows } from '../models/model-input.js';
import type { QuantileEstimator, QuantileFitOptions } from '../models/quantile-model.js';

export interface CrossFitQuantilesOptions extends QuantileFitOptions {
  /** Number of folds, or the fold of every row; default 5. */
  readonly folds?: FoldOptions['folds'];
}

/**
 * Out-of-fold predictions of several estimators: each row is predicted by models that did not see it, fitted on the other folds.
 *
 * @param estimators - `p` of them
 * @param options.key - draws the folds and is handed, folded, to the fits
 * @returns `p` matrices `[n, m]`, for {@link aggregateQuantiles} or `quantileRegressionAveraging`
 * @throws {TypeError} without a key, when one is needed
 * @throws {RangeError} for no estimators, more folds than rows, what a fit refuses; rows of weight 0
 */
export async function crossFitQuantiles(
  estimators: readonly QuantileEstimator[],
  x: MatrixInput,
  y: ArrayLike<number>,
  options: CrossFitQuantilesOptions,
): Promise<Matrix[]> {
  const where = 'crossFitQuantiles';
  if (estimators.length === 0) throw new RangeError(`${where}: estimators is empty, expected at least one`);
  const rows = toTrainingRows(where, x, y, options);
  const [n, m] = [rows.x.rows, rows.levels.length];
  if (n < y.length)
    throw new RangeError(`${where}: ${y.length - n} rows have weight 0, expected them to be left out`);
  const { key, folds = 5, onProgress, signal } = options;
  const fold = assignFolds(where, n, { folds, key: key && foldIn(key, 'folds') });
  const out = estimators.map(() => ({ data: new Float64Array(n * m), rows: n, columns: m }));
  const count = fold.reduce((most, f) => Math.max(most, f), 0) + 1;
  for (let f = 0; f < count; f++) {
    const all = [...fold.keys()];
    const kept = all.filter((i) => fold[i] !== f);
    const left = all.filter((i) => fold[i] === f);
    const [train, test] = [selectRows(rows.x, kept), selectRows(rows.x, left)];
    const target = Float64Array.from(kept, (i) => rows.y[i]!);
    const weights = rows.weights && Float64Array.from(kept, (i) => rows.weights![i]!);
    for (const [j, estimator] of estimators.entries()) {
      signal?.throwIfAborted();
      const model = await estimator.fit(train, target, {
        levels: rows.levels,
        weights,
        key: key && foldIn(key, `fold ${f} model ${j}`),
        signal,
      });
      const { data } = model.predict(test);
      left.forEach((row, i) => out[j]!.data.set(data.subarray(i * m, (i + 1) * m), row * m));
      const done = f * estimators.length + j + 1;
      onProgress?.({ done, total: count * estimators.length, label: `Fold ${f + 1}, ${estimator.method}` });
    }
  }
  return out;
}
