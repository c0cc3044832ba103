import { toVector } from '../internal/matrix.js';
import { studentCdf, studentPValue } from '../internal/student.js';
import { mean } from './check-forecast.js';

export interface DieboldMarianoOptions {
  /** Steps ahead of the forecasts, ≥ 1; losses may be correlated up to `horizon - 1` steps apart. Default 1. */
  readonly horizon?: number;
  /** `two-sided` (default), or that the first is better (`first`) or the second is (`second`). */
  readonly alternative?: 'two-sided' | 'first' | 'second';
  /** Small-sample correction of Harvey, Leybourne and Newbold; default true. */
  readonly correction?: boolean;
  /**
   * Weights of the autocovariances: `acf` gives all 1 (the original), `bartlett` lets them fall linearly, which keeps the
   * variance positive. Default `acf`.
   */
  readonly variance?: 'acf' | 'bartlett';
}

export interface DieboldMariano {
  /** Mean of `first - second`; negative when the first forecaster is better. */
  readonly meanDifference: number;
  readonly statistic: number;
  /** From Student's t with `n - 1` degrees of freedom. */
  readonly pValue: number;
}

/**
 * Test that two forecasters have the same expected loss, from their losses on the same rows in time order.
 *
 * `S = d̄ / sqrt((γ_0 + 2 Σ_{k<h} c_k γ_k) / n)`, `d = first - second`, times
 * `sqrt((n + 1 - 2h + h(h - 1)/n) / n)` with the correction.
 *
 * @param first - losses of the first forecaster, `[n]`
 * @param second - losses of the second, `[n]`
 * @throws {RangeError} when the losses never differ in a varying way, or the estimated variance is not positive (then
 *   `variance: 'bartlett'` helps)
 * @see Diebold, Mariano 1995, JBES 13; Harvey, Leybourne, Newbold 1997, Int. J. Forecasting 13
 */
export function dieboldMariano(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: DieboldMarianoOptions = {},
): DieboldMariano {
  const where = 'dieboldMariano';
  const { horizon: h = 1, alternative = 'two-sided', correction = true, variance = 'acf' } = options;
  const a = toVector(where, 'first', first);
  const b = toVector(where, 'second', second, a.length);
  const n = a.length;
  if (!(Number.isInteger(h) && h >= 1 && h < n))
    throw new RangeError(`${where}: horizon is ${h}, expected an integer from 1 to ${n - 1}`);
  const difference = a.map((value, i) => value - b[i]!);
  const centre = mean(difference);
  const centred = difference.map((value) => value - centre);
  const autocovariance = (lag: number): number => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += centred[i]! * centred[i - lag]!;
    return sum / n;
  };
  let spread = autocovariance(0);
  if (!(spread > 0))
    throw new RangeError(`${where}: the losses differ by ${centre} in every row; there is nothing to test`);
  for (let lag = 1; lag < h; lag++)
    spread += 2 * (variance === 'bartlett' ? 1 - lag / h : 1) * autocovariance(lag);
  if (!(spread > 0))
    throw new RangeError(
      `${where}: the estimated variance is ${spread / n}, expected above 0; try variance "bartlett"`,
    );
  const factor = correction ? Math.sqrt((n + 1 - 2 * h + (h * (h - 1)) / n) / n) : 1;
  const statistic = (factor * centre) / Math.sqrt(spread / n);
  const lowerTail = studentCdf(statistic, n - 1);
  const pValue =
    alternative === 'two-sided'
      ? studentPValue(statistic, n - 1)
      : alternative === 'first'
        ? lowerTail
        : studentCdf(-statistic, n - 1);
  return { meanDifference: centre, statistic, pValue };
}
