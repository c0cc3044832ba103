import type { MatrixInput } from '../internal/matrix.js';
import { normalQuantile } from '../internal/normal.js';
import { mean, toQuantileForecast } from './check-forecast.js';

/** Observed against nominal levels, with the band in which a calibrated forecast would stay. */
export interface CalibrationCurve {
  /** Nominal levels, `[m]`. */
  readonly levels: Float64Array;
  /** Share of outcomes at or below the predicted quantile, `[m]`. */
  readonly observed: Float64Array;
  /** Pointwise band of a calibrated forecast with this many rows, `[m]`: `τ ± z sqrt(τ(1 - τ)/n)`, cut to [0, 1]. */
  readonly bandLower: Float64Array;
  readonly bandUpper: Float64Array;
  /** Mean absolute calibration error, `mean_k |observed - τ|`. */
  readonly meanAbsoluteError: number;
  /** Root mean squared calibration error. */
  readonly rootMeanSquaredError: number;
  /** Largest absolute calibration error. */
  readonly maximumError: number;
}

/**
 * Calibration curve of quantile forecasts.
 *
 * @param options.confidence - coverage of the band, pointwise and for independent rows; default 0.95
 */
export function calibrationCurve(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
  { confidence = 0.95 }: { readonly confidence?: number } = {},
): CalibrationCurve {
  const where = 'calibrationCurve';
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`${where}: confidence is ${confidence}, expected it inside (0, 1)`);
  const { y: outcomes, q, levels: taus, n, m } = toQuantileForecast(where, y, predictions, levels);
  const hits = new Float64Array(m);
  q.forEach((value, at) => {
    if (outcomes[Math.floor(at / m)]! <= value) hits[at % m]!++;
  });
  const observed = hits.map((count) => count / n);
  const z = normalQuantile((1 + confidence) / 2);
  const reach = taus.map((level) => z * Math.sqrt((level * (1 - level)) / n));
  const errors = observed.map((share, k) => Math.abs(share - taus[k]!));
  return {
    levels: taus,
    observed,
    bandLower: taus.map((level, k) => Math.max(0, level - reach[k]!)),
    bandUpper: taus.map((level, k) => Math.min(1, level + reach[k]!)),
    meanAbsoluteError: mean(errors),
    rootMeanSquaredError: Math.sqrt(mean(errors.map((error) => error ** 2))),
    maximumError: errors.reduce((a, b) => Math.max(a, b)),
  };
}
