import type { MatrixInput } from '../internal/matrix.js';
import { calibrationCurve } from './calibration-curve.js';
import { mean, toQuantileForecast } from './check-forecast.js';
import { crpsQuantiles } from './crps.js';
import { pinballLoss } from './pinball.js';
import { weightedIntervalScores } from './weighted-interval-score.js';

/** The usual scores of one quantile forecast, means over rows. */
export interface QuantileScores {
  readonly count: number;
  readonly levels: Float64Array;
  /** Mean pinball loss per level, `[m]`. */
  readonly pinball: Float64Array;
  /** Mean pinball loss over rows and levels. */
  readonly meanPinball: number;
  /** Mean CRPS of the linearly interpolated quantile function. */
  readonly crps: number;
  /** Share of outcomes at or below each predicted quantile, `[m]`. */
  readonly coverage: Float64Array;
  /** Mean absolute calibration error. */
  readonly calibrationError: number;
  /** Share of rows whose quantiles fall somewhere as the level rises. */
  readonly crossing: number;
  /** Mean WIS with its parts; undefined unless the levels are symmetric around ½. */
  readonly wis?: {
    readonly total: number;
    readonly dispersion: number;
    readonly overPrediction: number;
    readonly underPrediction: number;
  };
  /** Each central interval of the grid: nominal and observed coverage, mean width. */
  readonly intervals: readonly {
    readonly nominal: number;
    readonly coverage: number;
    readonly meanWidth: number;
  }[];
}

/** All usual scores of a quantile forecast at once. */
export function scoreQuantiles(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
): QuantileScores {
  const forecast = toQuantileForecast('scoreQuantiles', y, predictions, levels);
  const { y: outcomes, q, levels: taus, n, m } = forecast;
  const matrix = { data: q, rows: n, columns: m };
  const pinball = pinballLoss(outcomes, matrix, taus);
  const curve = calibrationCurve(outcomes, matrix, taus);
  const symmetric = taus.every((level, k) => Math.abs(level + taus[m - 1 - k]! - 1) <= 1e-9);
  const wis = symmetric ? weightedIntervalScores(outcomes, matrix, taus) : undefined;
  let crossing = 0;
  for (let i = 0; i < n; i++)
    if (q.subarray(i * m, (i + 1) * m).some((value, k, row) => k > 0 && value < row[k - 1]!)) crossing++;
  return {
    count: n,
    levels: taus,
    pinball,
    meanPinball: mean(pinball),
    crps: mean(crpsQuantiles(outcomes, matrix, taus)),
    coverage: curve.observed,
    calibrationError: curve.meanAbsoluteError,
    crossing: crossing / n,
    ...(wis && {
      wis: {
        total: mean(wis.total),
        dispersion: mean(wis.dispersion),
        overPrediction: mean(wis.overPrediction),
        underPrediction: mean(wis.underPrediction),
      },
    }),
    intervals: symmetric ? centralIntervals(outcomes, q, taus) : [],
  };
}

function centralIntervals(y: Float64Array, q: Float64Array, taus: Float64Array): QuantileScores['intervals'] {
  const m = taus.length;
  return Array.from({ length: m >> 1 }, (_, k) => {
    let inside = 0;
    let width = 0;
    y.forEach((value, i) => {
      const low = q[i * m + k]!;
      const high = q[i * m + m - 1 - k]!;
      if (value >= low && value <= high) inside++;
      width += high - low;
    });
    const nominal = Number((taus[m - 1 - k]! - taus[k]!).toFixed(12)); // 0.95 - 0.05 is 0.8999999999999999
    return { nominal, coverage: inside / y.length, meanWidth: width / y.length };
  });
}
