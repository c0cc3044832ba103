import { toLevels } from '../internal/check-data.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';

/** How far apart two levels `l < k` should be, in the unit of the target. */
export type CrossingMargin =
  | { readonly kind: 'none' }
  /** One constant `delta ≥ 0` for all pairs. */
  | { readonly kind: 'single'; readonly delta: number }
  /** `scale · 0.01 · (τ_k - τ_l)`. */
  | { readonly kind: 'vector'; readonly scale: number }
  /** `scale · max(0, r_k - r_l)`, `r` the quantiles of `residuals` at the levels. */
  | { readonly kind: 'adaptive'; readonly scale: number; readonly residuals: ArrayLike<number> };

export interface CrossingPenaltyOptions {
  /** `[n, m]` */
  readonly predictions: MatrixInput;
  /** `[m]`, rising, in (0, 1). */
  readonly levels: ArrayLike<number>;
  /** Default none. */
  readonly margin?: CrossingMargin | undefined;
}

/**
 * The min-gap penalty on crossing quantiles and its gradient.
 *
 * `mean_i 2/(m(m-1)) Σ_{l<k} max(0, q_il - q_ik + δ_lk)`
 *
 * The margins are those of the authors' code. A margin wider than the true gap of two levels is legal and pushes them
 * apart beyond the truth. Residuals of the `adaptive` margin are usually `y - median over models of their median`.
 *
 * @returns the penalty, 0 for rows in order by at least the margins (and for a single level), and its gradient by the
 *   predictions, `[n, m]`
 * @throws {RangeError} for no rows, levels that do not match, a negative margin
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083 (section 4)
 */
export function crossingPenalty(options: CrossingPenaltyOptions): { value: number; gradient: Matrix } {
  const where = 'crossingPenalty';
  const levels = toLevels(where, options.levels);
  const m = levels.length;
  const { data, rows, columns } = toMatrix(where, 'predictions', options.predictions);
  if (rows === 0 || columns !== m)
    throw new RangeError(
      `${where}: predictions is [${rows}, ${columns}], expected at least one row and ${m} columns`,
    );
  const margins = crossingMargins(levels, options.margin ?? { kind: 'none' });
  const gradient = new Float64Array(data.length);
  const share = m > 1 ? 2 / (rows * m * (m - 1)) : 0;
  let value = 0;
  for (let start = 0; start < data.length; start += m)
    for (let k = 1; k < m; k++)
      for (let l = 0; l < k; l++) {
        const excess = data[start + l]! - data[start + k]! + margins[l * m + k]!;
        if (excess <= 0) continue;
        value += share * excess;
        gradient[start + l]! += share;
        gradient[start + k]! -= share;
      }
  return { value, gradient: { data: gradient, rows, columns } };
}

/** The margins `δ_lk` for `l < k`, `[m, m]` row-major, 0 elsewhere. */
export function crossingMargins(levels: ArrayLike<number>, margin: CrossingMargin): Float64Array {
  const where = 'crossingMargins';
  const tau = toLevels(where, levels);
  const m = tau.length;
  const positions = positionsOf(where, tau, margin);
  const out = new Float64Array(m * m);
  for (let l = 0; l < m; l++)
    for (let k = l + 1; k < m; k++)
      out[l * m + k] = margin.kind === 'single' ? margin.delta : Math.max(0, positions[k]! - positions[l]!);
  return out;
}

function positionsOf(where: string, tau: Float64Array, margin: CrossingMargin): Float64Array {
  const amount = margin.kind === 'none' ? 0 : margin.kind === 'single' ? margin.delta : margin.scale;
  if (!(amount >= 0 && amount < Infinity))
    throw new RangeError(`${where}: the margin is ${amount}, expected a finite number of at least 0`);
  if (margin.kind === 'vector') return tau.map((level) => 0.01 * amount * level);
  if (margin.kind !== 'adaptive') return new Float64Array(tau.length);
  const residuals = toVector(where, 'margin.residuals', margin.residuals).sort();
  if (residuals.length === 0)
    throw new RangeError(`${where}: margin.residuals is empty, expected at least one`);
  return tau.map((level) => amount * interpolatedQuantile(residuals, level));
}

/** The quantile of sorted values that numpy uses: linear between order statistics `(n - 1) τ`. */
function interpolatedQuantile(sorted: Float64Array, level: number): number {
  const place = (sorted.length - 1) * level;
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}
