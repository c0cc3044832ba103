import { toLevels } from '../internal/check-data.js';
import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';

/** Outcomes with one predicted quantile per level. */
export interface QuantileForecast {
  readonly y: Float64Array;
  /** Row-major `[n, m]`. */
  readonly q: Float64Array;
  readonly levels: Float64Array;
  readonly n: number;
  readonly m: number;
}

/** Checks that outcomes, predictions and levels fit together. */
export function toQuantileForecast(
  where: string,
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
): QuantileForecast {
  const { data, rows, columns } = toMatrix(where, 'predictions', predictions);
  const checked = toLevels(where, levels);
  const outcomes = toVector(where, 'y', y, rows);
  if (rows === 0) throw new RangeError(`${where}: there are no rows, expected at least one`);
  if (columns !== checked.length)
    throw new RangeError(`${where}: predictions has ${columns} columns for ${checked.length} levels`);
  return { y: outcomes, q: data, levels: checked, n: rows, m: columns };
}

/** Outcomes with the mean and standard deviation of a Gaussian each. */
export interface GaussianForecast {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Checks that outcomes, means and deviations fit together. */
export function toGaussianForecast(
  where: string,
  y: ArrayLike<number>,
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
): GaussianForecast {
  const outcomes = toVector(where, 'y', y);
  const mu = toVector(where, 'mean', mean, outcomes.length);
  const sigma = toVector(where, 'deviation', deviation, outcomes.length);
  const bad = sigma.findIndex((value) => !(value > 0));
  if (bad >= 0)
    throw new RangeError(`${where}: deviation[${bad}] is ${sigma[bad]}, expected a number above 0`);
  return { y: outcomes, mean: mu, deviation: sigma };
}

/** Outcomes with a lower and an upper bound each. */
export interface IntervalForecast {
  readonly y: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Checks that outcomes and bounds fit together; bounds may be infinite but not NaN, and may not cross. */
export function toIntervalForecast(
  where: string,
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
): IntervalForecast {
  const outcomes = toVector(where, 'y', y);
  if (outcomes.length === 0) throw new RangeError(`${where}: there are no rows, expected at least one`);
  const bounds = [lower, upper].map((input, which) => {
    const name = which === 0 ? 'lower' : 'upper';
    if (input.length !== outcomes.length)
      throw new RangeError(`${where}: ${name} has ${input.length} values, expected ${outcomes.length}`);
    const values = Float64Array.from(input);
    const bad = values.findIndex(Number.isNaN);
    if (bad >= 0) throw new RangeError(`${where}: ${name}[${bad}] is NaN`);
    return values;
  }) as [Float64Array, Float64Array];
  const crossed = bounds[0].findIndex((value, i) => value > bounds[1][i]!);
  if (crossed >= 0)
    throw new RangeError(
      `${where}: lower[${crossed}] is ${bounds[0][crossed]}, above upper[${crossed}], ${bounds[1][crossed]}`,
    );
  return { y: outcomes, lower: bounds[0], upper: bounds[1] };
}

/** Arithmetic mean. */
export const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
