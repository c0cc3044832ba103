import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';
import type { Tails } from './band-calibration.js';
import { checkAlpha, conformalIndex, kthSmallest, shortageReason } from './conformal-quantile.js';
import type { Intervals } from './intervals.js';
import { closeIntervals, orderBounds } from './intervals.js';

/** What cross-fitted intervals need besides the fold models: ready for JSON. */
export interface PlusState {
  readonly alpha: number;
  readonly tails: Tails;
  /** Which left-out model belongs to training row `i`: an index into the rows of the predictions, `[n]`. */
  readonly folds: readonly number[];
  /** `lo^{-i}(x_i) - y_i`, `[n]`. */
  readonly below: readonly number[];
  /** `y_i - hi^{-i}(x_i)`, `[n]`. */
  readonly above: readonly number[];
  /** Rows that no model left out: their score counts as infinite. */
  readonly unseen: readonly number[];
}

export interface PlusOptions {
  /** Miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Default `symmetric`. */
  readonly tails?: Tails | undefined;
}

/**
 * The state of cross-fitted intervals from predictions of left-out rows.
 *
 * @param options.lower - `lo^{-k(i)}(x_i)`: row `i` predicted by the model of its fold, which never saw it, `[n]`
 * @param options.upper - the same for the upper quantile; default `lower` (point forecasts)
 * @param options.folds - the fold `k(i)` of row `i`, integers from 0, `[n]`
 * @throws {RangeError} for an empty training set, `alpha` outside (0, 1) or a non-finite value
 */
export function plusState(
  where: string,
  options: PlusOptions & {
    readonly y: ArrayLike<number>;
    readonly lower: ArrayLike<number>;
    readonly upper?: ArrayLike<number>;
    readonly folds: ArrayLike<number>;
    readonly unseen?: readonly number[];
  },
): PlusState {
  checkAlpha(where, options.alpha);
  const y = toVector(where, 'y', options.y);
  const low = toVector(where, 'lower', options.lower, y.length);
  const high = options.upper ? toVector(where, 'upper', options.upper, y.length) : low.slice();
  const { alpha, tails = 'symmetric', unseen = [] } = options;
  if (y.length === 0) throw new RangeError(`${where}: the training set is empty, expected at least one row`);
  orderBounds(low, high);
  return {
    alpha,
    tails,
    folds: Array.from(toVector(where, 'folds', options.folds, y.length)),
    below: Array.from(y, (value, i) => low[i]! - value),
    above: Array.from(y, (value, i) => value - high[i]!),
    unseen,
  };
}

/**
 * Intervals of the CV+ family from the predictions of every fold model.
 *
 * `lower(x) = ⌊α(n + 1)⌋`-th smallest of `lo^{-k(i)}(x) - R_i`, `upper(x) = ⌈(1 - α)(n + 1)⌉`-th smallest of
 * `hi^{-k(i)}(x) + R_i`, with `R_i = max(lo^{-k(i)}(x_i) - y_i, y_i - hi^{-k(i)}(x_i))`
 *
 * Asymmetric tails use each side's own residual at `α/2`. Coverage is at least `1 - 2α` for exchangeable rows whatever
 * the model (minus a small term for K folds), and close to `1 - α` for stable models.
 *
 * @param lower - predictions of fold model `k` for new row `t`, `[K, m]`
 * @param upper - the same for upper quantiles; default `lower`
 * @see Barber, Candès, Ramdas, Tibshirani 2021, arXiv:1905.02928
 */
export function plusIntervals(state: PlusState, lower: MatrixInput, upper: MatrixInput = lower): Intervals {
  const where = 'plusIntervals';
  checkAlpha(where, state.alpha);
  if (state.below.length !== state.folds.length || state.above.length !== state.folds.length)
    throw new RangeError(`${where}: folds, below and above of the state differ in length`);
  const low = toMatrix(where, 'lower', lower);
  const high = toMatrix(where, 'upper', upper);
  const count = state.folds.reduce((most, fold) => Math.max(most, fold), 0) + 1;
  if (low.rows !== count || high.rows !== count || high.columns !== low.columns)
    throw new RangeError(
      `${where}: lower is [${low.rows}, ${low.columns}] and upper [${high.rows}, ${high.columns}], expected ${count} rows (one per fold) and equal columns`,
    );
  const swapped = orderBounds(low.data, high.data);
  const { tails, folds } = state;
  const n = folds.length;
  const level = tails === 'asymmetric' ? state.alpha / 2 : state.alpha;
  const pick = conformalIndex(n, level);
  const [below, above] = sides(state);
  const lowerEnds = new Float64Array(low.columns).fill(-Infinity);
  const upperEnds = new Float64Array(low.columns).fill(Infinity);
  const scratch = new Float64Array(n);
  for (let t = 0; t < low.columns; t++) {
    if (tails !== 'upper') {
      for (let i = 0; i < n; i++) scratch[i] = below[i]! - low.data[folds[i]! * low.columns + t]!;
      lowerEnds[t] = -kthSmallest(scratch.sort(), pick);
    }
    if (tails !== 'lower') {
      for (let i = 0; i < n; i++) scratch[i] = above[i]! + high.data[folds[i]! * low.columns + t]!;
      upperEnds[t] = kthSmallest(scratch.sort(), pick);
    }
  }
  const reason = pick > n - state.unseen.length ? shortage(state, level) : null;
  return closeIntervals(lowerEnds, upperEnds, reason ? [reason] : [], swapped);
}

function sides(state: PlusState): [Float64Array, Float64Array] {
  const below = Float64Array.from(state.below);
  const above = Float64Array.from(state.above);
  if (state.tails === 'symmetric')
    below.forEach((value, i) => (below[i] = above[i] = Math.max(value, above[i]!)));
  for (const i of state.unseen) below[i] = above[i] = Infinity;
  return [below, above];
}

function shortage(state: PlusState, level: number): string {
  const n = state.folds.length;
  return (
    shortageReason(n, level, 'training rows') ??
    `${state.unseen.length} of ${n} training rows were in every bootstrap sample, so too few left-out residuals remain: use more models`
  );
}
