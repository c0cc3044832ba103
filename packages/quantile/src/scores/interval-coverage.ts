import { toIntervalForecast } from './check-forecast.js';

/** How often intervals hold their outcome and how wide they are. */
export interface IntervalCoverage {
  /** Share of outcomes with `lower ≤ y ≤ upper` (PICP). */
  readonly coverage: number;
  /** Share of outcomes below their interval. */
  readonly below: number;
  /** Share of outcomes above their interval. */
  readonly above: number;
  /** Mean width (MPIW); infinite when one interval is. */
  readonly meanWidth: number;
  readonly count: number;
}

/**
 * Coverage and mean width of prediction intervals.
 *
 * @throws {RangeError} when there are no rows, lengths differ or bounds cross
 */
export function intervalCoverage(
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
): IntervalCoverage {
  const forecast = toIntervalForecast('intervalCoverage', y, lower, upper);
  const n = forecast.y.length;
  let below = 0;
  let above = 0;
  let width = 0;
  forecast.y.forEach((value, i) => {
    if (value < forecast.lower[i]!) below++;
    else if (value > forecast.upper[i]!) above++;
    width += forecast.upper[i]! - forecast.lower[i]!;
  });
  return {
    coverage: (n - below - above) / n,
    below: below / n,
    above: above / n,
    meanWidth: width / n,
    count: n,
  };
}

/**
 * Coverage-width criterion: `(1 - W) exp(-η (C - (1 - α))²)` with `C` the coverage and `W` the mean width; larger is better.
 *
 * `W` should be measured in the range of the outcomes (`range`, default their observed range), so that it lies in [0, 1].
 *
 * @param options.eta - `η ≥ 0`, how much a missed coverage costs; default 30
 */
export function coverageWidthCriterion(
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  options: { readonly alpha: number; readonly eta?: number; readonly range?: number },
): number {
  const where = 'coverageWidthCriterion';
  const { alpha, eta = 30 } = options;
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`${where}: alpha is ${alpha}, expected it inside (0, 1)`);
  const { coverage, meanWidth } = intervalCoverage(y, lower, upper);
  const values = Float64Array.from(y);
  const range =
    options.range ?? values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  if (!(range > 0))
    throw new RangeError(`${where}: the range of the outcomes is ${range}, expected a number above 0`);
  return (1 - meanWidth / range) * Math.exp(-eta * (coverage - (1 - alpha)) ** 2);
}
