import type { Key } from '@weightloom/tensor-gpu';
import { foldIn } from '@weightloom/tensor-gpu';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { studentPValue, studentQuantile } from '../internal/student.js';
import type { Bandwidth } from './bandwidth.js';
import { bootstrapCoefficients } from './bootstrap-coefficients.js';
import type { CovarianceEstimate } from './covariance.js';
import { iidCovariance, kernelCovariance, nidCovariance, robustCovariance } from './covariance.js';
import { exactFit } from './exact-fit.js';
import { inferenceRows } from './inference-rows.js';
import type { QuantileRegression } from './quantile-regression.js';

/** How the covariance of the coefficients is estimated; R's names are `iid`, `nid`, `ker`, `boot`. */
export type ErrorMethod = 'iid' | 'nid' | 'kernel' | 'robust' | 'bootstrap';

export interface InferenceOptions {
  /** Default `nid`, valid when the spread depends on x; `robust` is statsmodels' default. */
  readonly method?: ErrorMethod;
  /** Half-width rule of the density estimates; default `hallSheather`. */
  readonly bandwidth?: Bandwidth;
  /** Coverage of the intervals; default 0.95. */
  readonly confidence?: number;
  /** The row weights of the fit. */
  readonly weights?: ArrayLike<number>;
  /** Random key, for `bootstrap`. */
  readonly key?: Key;
  /** Bootstrap resamples; default 200. */
  readonly resamples?: number;
}

/** Standard errors and what follows from them; every matrix is `[m, d]`, a row per level, a column per coefficient. */
export interface Inference {
  readonly method: ErrorMethod;
  readonly confidence: number;
  /** `n - d`, of the t distribution behind p-values and intervals. */
  readonly degreesOfFreedom: number;
  readonly standardErrors: Matrix;
  readonly tValues: Matrix;
  /** Two-sided. */
  readonly pValues: Matrix;
  readonly lower: Matrix;
  readonly upper: Matrix;
  /** `[d, d]` per level. */
  readonly covariances: readonly Matrix[];
  /** Estimated sparsity `1 / f(F⁻¹(τ))` per level; NaN for `bootstrap`. */
  readonly sparsity: Float64Array;
  /** Half-width behind it per level; NaN for `bootstrap`. */
  readonly bandwidth: Float64Array;
}

/**
 * Standard errors, t values, p-values and intervals of a fit, by one of five estimators of the covariance.
 *
 * `x`, `y` and `weights` must be those of the fit. Formulas and defaults are those of R quantreg's `summary.rq` for
 * `iid`, `nid` and `kernel`, of statsmodels' `QuantReg` for `robust`; `bootstrap` redraws rows (pairs).
 *
 * @throws {RangeError} for a penalised fit, which has no such errors, or when no degree of freedom is left
 * @throws {TypeError} for `bootstrap` without a key
 * @see Koenker 2005, "Quantile Regression", section 3.4
 */
export function inferQuantileRegression(
  fit: QuantileRegression,
  x: MatrixInput,
  y: ArrayLike<number>,
  options: InferenceOptions = {},
): Inference {
  const where = 'inferQuantileRegression';
  const { method = 'nid', bandwidth = 'hallSheather', confidence = 0.95, key, resamples = 200 } = options;
  if (fit.penalty > 0)
    throw new RangeError(`${where}: the fit has penalty ${fit.penalty}; there are no standard errors for it`);
  if (method === 'bootstrap' && key === undefined)
    throw new TypeError(`${where}: method "bootstrap" needs a key`);
  if (!(Number.isInteger(resamples) && resamples >= 2))
    throw new RangeError(`${where}: resamples is ${resamples}, expected an integer of at least 2`);
  const data = inferenceRows(where, fit, x, y, { confidence, weights: options.weights });
  const { rows, n, d } = data;

  const estimate = (level: number, b: Float64Array, k: number): CovarianceEstimate => {
    if (method === 'iid') return iidCovariance(data, level, b, bandwidth);
    if (method === 'nid') return nidCovariance(data, level, bandwidth);
    if (method === 'kernel') return kernelCovariance(data, level, b, bandwidth);
    if (method === 'robust') return robustCovariance(data, level, b, bandwidth);
    const draws = bootstrapCoefficients(rows, exactFit(rows, level), level, foldIn(key!, k), resamples);
    return { covariance: sampleCovariance(draws, d), sparsity: NaN, bandwidth: NaN };
  };
  const coefficients = (k: number): Float64Array => fit.coefficients.data.slice(k * d, (k + 1) * d);
  const estimates = Array.from(fit.levels, (level, k) => estimate(level, coefficients(k), k));
  const table = (cell: (value: number, error: number) => number): Matrix => ({
    data: fit.coefficients.data.map((value, at) => {
      const j = at % d;
      return cell(value, Math.sqrt(estimates[Math.floor(at / d)]!.covariance[j * d + j]!));
    }),
    rows: fit.levels.length,
    columns: d,
  });
  const reach = studentQuantile((1 + confidence) / 2, n - d);
  return {
    method,
    confidence,
    degreesOfFreedom: n - d,
    standardErrors: table((_, error) => error),
    tValues: table((value, error) => value / error),
    pValues: table((value, error) => studentPValue(value / error, n - d)),
    lower: table((value, error) => value - reach * error),
    upper: table((value, error) => value + reach * error),
    covariances: estimates.map(({ covariance }) => ({ data: covariance, rows: d, columns: d })),
    sparsity: Float64Array.from(estimates, ({ sparsity }) => sparsity),
    bandwidth: Float64Array.from(estimates, ({ bandwidth: width }) => width),
  };
}

/** Covariance of the rows of `[draws, d]`, divided by `draws - 1`. */
function sampleCovariance(draws: Float64Array, d: number): Float64Array {
  const count = draws.length / d;
  const mean = new Float64Array(d);
  draws.forEach((value, at) => (mean[at % d]! += value / count));
  const out = new Float64Array(d * d);
  for (let s = 0; s < count; s++) {
    for (let i = 0; i < d; i++) {
      const left = (draws[s * d + i]! - mean[i]!) / (count - 1);
      for (let j = 0; j < d; j++) out[i * d + j]! += left * (draws[s * d + j]! - mean[j]!);
    }
  }
  return out;
}
