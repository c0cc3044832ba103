import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';
import { normalCdf } from '../internal/normal.js';
import { toGaussianForecast, toQuantileForecast } from './check-forecast.js';

/**
 * Probability integral transform of quantile forecasts, `[n]`: the level at which the predicted quantile is the outcome.
 *
 * Linear between neighbouring levels; an outcome below the first quantile gets `τ_1 / 2`, above the last
 * `(1 + τ_m) / 2`, as a quantile forecast says no more about its tails. Crossing rows are sorted first.
 */
export function pitQuantiles(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
): Float64Array {
  const { y: outcomes, q, levels: taus, m } = toQuantileForecast('pitQuantiles', y, predictions, levels);
  return outcomes.map((value, i) => {
    const row = q.slice(i * m, (i + 1) * m).sort();
    if (value < row[0]!) return taus[0]! / 2;
    if (value > row[m - 1]!) return (1 + taus[m - 1]!) / 2;
    const above = row.findIndex((quantile) => quantile >= value);
    // A step of the quantile function (equal quantiles): the middle of the levels it spans.
    const last = row.lastIndexOf(row[above]!);
    if (row[above] === value) return (taus[above]! + taus[last]!) / 2;
    const share = (value - row[above - 1]!) / (row[above]! - row[above - 1]!);
    return taus[above - 1]! + share * (taus[above]! - taus[above - 1]!);
  });
}

/** Probability integral transform of Gaussian forecasts, `[n]`: `Φ((y - μ)/σ)`. */
export function pitGaussian(
  y: ArrayLike<number>,
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
): Float64Array {
  const forecast = toGaussianForecast('pitGaussian', y, mean, deviation);
  return forecast.y.map((value, i) => normalCdf((value - forecast.mean[i]!) / forecast.deviation[i]!));
}

/** Probability integral transform of sample forecasts, `[n]`: `(#{x < y} + ½ #{x = y}) / S`, ties counted half. */
export function pitSample(y: ArrayLike<number>, samples: MatrixInput): Float64Array {
  const where = 'pitSample';
  const { data, rows, columns: count } = toMatrix(where, 'samples', samples);
  const outcomes = toVector(where, 'y', y, rows);
  if (count === 0) throw new RangeError(`${where}: there are no samples`);
  return outcomes.map((value, i) => {
    let below = 0;
    for (let s = 0; s < count; s++) {
      const sample = data[i * count + s]!;
      below += sample < value ? 1 : sample === value ? 0.5 : 0;
    }
    return below / count;
  });
}

/**
 * Histogram of PIT values over [0, 1], densities, `[bins]`: flat at 1 when the forecasts are calibrated, a cup when they
 * are too narrow, a cap when too wide.
 *
 * @throws {RangeError} when a value is outside [0, 1]
 */
export function pitHistogram(
  values: ArrayLike<number>,
  { bins = 10 }: { readonly bins?: number } = {},
): Float64Array {
  const where = 'pitHistogram';
  const pit = toVector(where, 'values', values);
  if (!(Number.isInteger(bins) && bins > 0))
    throw new RangeError(`${where}: bins is ${bins}, expected a positive integer`);
  const out = new Float64Array(bins);
  pit.forEach((value, i) => {
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`${where}: values[${i}] is ${value}, expected it inside [0, 1]`);
    out[Math.min(bins - 1, Math.floor(value * bins))]! += bins / pit.length;
  });
  return out;
}
