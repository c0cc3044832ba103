import { toWeights } from '../internal/check-data.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toQuantileForecast } from './check-forecast.js';

/**
 * Pinball (quantile, check) loss of one error: `ψ_τ(e) = max(τe, (τ - 1)e)`, minimised in expectation by the τ-quantile.
 *
 * @param error - `y - q`
 * @param level - `τ`, inside (0, 1)
 */
export const pinball = (error: number, level: number): number => Math.max(level * error, (level - 1) * error);

/**
 * Pinball loss of every prediction, `[n, m]`.
 *
 * @param y - outcomes, `[n]`
 * @param predictions - predicted quantiles, `[n, m]`
 * @param levels - `[m]`, strictly rising, inside (0, 1)
 */
export function pinballScores(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
): Matrix {
  const { y: outcomes, q, levels: taus, n, m } = toQuantileForecast('pinballScores', y, predictions, levels);
  return {
    data: q.map((value, at) => pinball(outcomes[Math.floor(at / m)]! - value, taus[at % m]!)),
    rows: n,
    columns: m,
  };
}

/**
 * Mean pinball loss per level, `[m]`: `Σ_i w_i ψ_τ(y_i - q_i) / Σ_i w_i`.
 *
 * @param weights - row weights, `[n]`, ≥ 0; default 1
 */
export function pinballLoss(
  y: ArrayLike<number>,
  predictions: MatrixInput,
  levels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Float64Array {
  const { data, rows, columns } = pinballScores(y, predictions, levels);
  const w = toWeights('pinballLoss', weights, rows);
  const total = w.reduce((sum, weight) => sum + weight, 0);
  const out = new Float64Array(columns);
  data.forEach((value, at) => (out[at % columns]! += (w[Math.floor(at / columns)]! * value) / total));
  return out;
}
