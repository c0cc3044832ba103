import { toMatrix, toVector } from '../internal/matrix.js';
import type { MatrixInput } from '../internal/matrix.js';
import { normalCdf, normalPdf } from '../internal/normal.js';
import { toGaussianForecast, toQuantileForecast } from './check-forecast.js';
import { pinball } from './pinball.js';

/**
 * CRPS of Gaussian forecasts, `[n]`: `σ [ z(2Φ(z) - 1) + 2φ(z) - 1/√π ]`, `z = (y - μ)/σ`.
 *
 * @param mean - `μ`, `[n]`
 * @param deviation - `σ > 0`, `[n]`
 * @throws {RangeError} when a deviation is not above 0
 * @see Gneiting, Raftery 2007, JASA 102, eq. 21
 */
export function crpsGaussian(
  y: ArrayLike<number>,
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
): Float64Array {
  const forecast = toGaussianForecast('crpsGaussian', y, mean, deviation);
  return forecast.y.map((value, i) => {
    const sigma = forecast.deviation[i]!;
    const z = (value - forecast.mean[i]!) / sigma;
    return sigma * (z * (2 * normalCdf(z) - 1) + 2 * normalPdf(z) - 1 / Math.sqrt(Math.PI));
  });
}

/**
 * CRPS of forecasts given as samples, `[n]`: `mean_s |x_s - y| - ½ mean_{s,t} |x_s - x_t|`.
 *
 * `fair` divides the second term by `S(S - 1)` instead of `S²`: unbiased for the distribution behind the samples.
 *
 * @param samples - `[n, S]`
 * @throws {RangeError} when there is no sample, or a single one and `fair`
 * @see Ferro 2014, Q. J. R. Meteorol. Soc. 140
 */
export function crpsSample(
  y: ArrayLike<number>,
  samples: MatrixInput,
  { fair = false }: { readonly fair?: boolean } = {},
): Float64Array {
  const where = 'crpsSample';
  const { data, rows, columns: count } = toMatrix(where, 'samples', samples);
  const outcomes = toVector(where, 'y', y, rows);
  if (count < (fair ? 2 : 1))
    throw new RangeError(`${where}: ${count} samples per row, expected at least ${fair ? 2 : 1}`);
  return outcomes.map((value, i) => {
    const sorted = data.slice(i * count, (i + 1) * count).sort();
    let distance = 0;
    // Σ_{s<t} (x_t - x_s) of sorted samples.
    let spread = 0;
    sorted.forEach((sample, s) => {
      distance += Math.abs(sample - value);
      spread += (2 * s + 1 - count) * sample;
    });
    return distance / count - spread / (fair ? count * (count - 1) : count * count);
  });
}

/**
 * CRPS of quantile forecasts, `[n]`: `2 ∫₀¹ ψ_τ(y - q(τ)) dτ`.
 *
 * `rule: 'mean'` is twice the mean pinball loss over the levels, right for evenly spaced midpoints `(k - ½)/m`.
 * `rule: 'linear'` (default) integrates exactly the quantile function that is linear between the levels and constant
 * beyond the first and the last.
 */
export function crpsQuantiles(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
  { rule = 'linear' }: { readonly rule?: 'mean' | 'linear' } = {},
): Float64Array {
  const { y: outcomes, q, levels: taus, m } = toQuantileForecast('crpsQuantiles', y, predictions, levels);
  return outcomes.map((value, i) => {
    const row = q.subarray(i * m, (i + 1) * m);
    if (rule === 'mean')
      return (2 / m) * row.reduce((sum, quantile, k) => sum + pinball(value - quantile, taus[k]!), 0);
    let integral = stretch(value, 0, row[0]!, taus[0]!, row[0]!);
    for (let k = 1; k < m; k++) integral += stretch(value, taus[k - 1]!, row[k - 1]!, taus[k]!, row[k]!);
    return 2 * (integral + stretch(value, taus[m - 1]!, row[m - 1]!, 1, row[m - 1]!));
  });
}

/** `∫ ψ_τ(y - q(τ)) dτ` over a stretch on which q is linear: Simpson's rule on either side of `y`, exact for quadratics. */
function stretch(y: number, from: number, qFrom: number, to: number, qTo: number): number {
  const simpson = (a: number, qa: number, b: number, qb: number): number =>
    ((b - a) / 6) * (pinball(y - qa, a) + 4 * pinball(y - (qa + qb) / 2, (a + b) / 2) + pinball(y - qb, b));
  if ((y - qFrom) * (y - qTo) >= 0) return simpson(from, qFrom, to, qTo);
  const cross = from + ((y - qFrom) / (qTo - qFrom)) * (to - from);
  return simpson(from, qFrom, cross, y) + simpson(cross, y, to, qTo);
}
