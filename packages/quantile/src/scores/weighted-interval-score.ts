import type { MatrixInput } from '../internal/matrix.js';
import { toQuantileForecast } from './check-forecast.js';

/** Weighted interval score per row with its three parts, `[n]` each; `total = dispersion + over + under`. */
export interface WeightedIntervalScores {
  readonly total: Float64Array;
  /** Width of the intervals. */
  readonly dispersion: Float64Array;
  /** Penalty for predicting too high: outcomes below the intervals and the median. */
  readonly overPrediction: Float64Array;
  /** Penalty for predicting too low: outcomes above the intervals and the median. */
  readonly underPrediction: Float64Array;
}

/**
 * Weighted interval score of quantile forecasts on a symmetric grid of levels.
 *
 * `WIS = (½|y - median| + Σ_k (α_k/2) IS_{α_k}) / (K + ½)`, which is twice the mean pinball loss over the levels. The
 * median's share counts as over- or under-prediction; without a median the divisor is `K`. `form: 'sum'` leaves the
 * mean over levels out (the form of the quantile aggregation paper: twice the sum of the pinball losses).
 *
 * @param predictions - `[n, m]`; a row may cross, which only shows in the dispersion
 * @throws {RangeError} when a level has no partner `1 - level`
 * @see Bracher, Ray, Gneiting, Reich 2021, PLOS Comput. Biol. 17; Fakoor et al. 2023, arXiv:2103.00083
 */
export function weightedIntervalScores(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
  { form = 'mean' }: { readonly form?: 'mean' | 'sum' } = {},
): WeightedIntervalScores {
  const where = 'weightedIntervalScores';
  const { y: outcomes, q, levels: taus, n, m } = toQuantileForecast(where, y, predictions, levels);
  taus.forEach((level, k) => {
    if (Math.abs(level + taus[m - 1 - k]! - 1) > 1e-9)
      throw new RangeError(
        `${where}: levels[${k}] is ${level} but there is no level ${1 - level}; the grid must be symmetric`,
      );
  });
  const factor = form === 'mean' ? 2 / m : 2;
  const dispersion = new Float64Array(n);
  const overPrediction = new Float64Array(n);
  const underPrediction = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < m >> 1; k++) {
      const low = q[i * m + k]!;
      const high = q[i * m + m - 1 - k]!;
      dispersion[i]! += factor * taus[k]! * (high - low);
      overPrediction[i]! += factor * Math.max(low - outcomes[i]!, 0);
      underPrediction[i]! += factor * Math.max(outcomes[i]! - high, 0);
    }
    if (m % 2 === 0) continue;
    const error = outcomes[i]! - q[i * m + (m >> 1)]!;
    if (error > 0) underPrediction[i]! += (factor * error) / 2;
    else overPrediction[i]! -= (factor * error) / 2;
  }
  const total = dispersion.map((value, i) => value + overPrediction[i]! + underPrediction[i]!);
  return { total, dispersion, overPrediction, underPrediction };
}
