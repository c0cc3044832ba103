import { toIntervalForecast } from './check-forecast.js';

/**
 * Interval (Winkler) score per row, `[n]`: `(u - l) + (2/α)(l - y)₊ + (2/α)(y - u)₊`, smaller is better.
 *
 * @param lower - lower ends, `[n]`, the α/2 quantiles
 * @param upper - upper ends, `[n]`, the 1 - α/2 quantiles
 * @param alpha - `α`, inside (0, 1): the share of outcomes that may fall outside
 * @throws {RangeError} when bounds cross or `alpha` is outside (0, 1)
 * @see Gneiting, Raftery 2007, JASA 102, eq. 43
 */
export function intervalScores(
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  alpha: number,
): Float64Array {
  const where = 'intervalScores';
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`${where}: alpha is ${alpha}, expected it inside (0, 1)`);
  const forecast = toIntervalForecast(where, y, lower, upper);
  return forecast.y.map((value, i) => {
    const low = forecast.lower[i]!;
    const high = forecast.upper[i]!;
    return high - low + (2 / alpha) * (Math.max(low - value, 0) + Math.max(value - high, 0));
  });
}
