import type { BandExtras, BandOptions, BandState } from './band-calibration.js';
import { band, emptyBandState } from './band-calibration.js';
import type { Intervals } from './intervals.js';

/** Predicted lower and upper quantiles, `[n]` each. */
export interface QuantileBand {
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
}

export interface CqrOptions extends BandOptions, BandExtras, QuantileBand {
  /** `y_i` on calibration rows the quantile models were not trained on, `[n]`. */
  readonly y: ArrayLike<number>;
}

export interface Cqr {
  /** Calibrated intervals for new quantile predictions. */
  intervals(predictions: QuantileBand, extras?: BandExtras): Intervals;
  /** Adds newly observed rows to the calibration scores. */
  update(predictions: QuantileBand, y: ArrayLike<number>, extras?: BandExtras): void;
  /** A JSON-ready copy of everything; give it to {@link restoreCqr}. */
  state(): BandState;
}

/**
 * Conformalised quantile regression: moves both ends of a predicted quantile band by one calibrated amount.
 *
 * `E_i = max(lo(x_i) - y_i, y_i - hi(x_i))`, `C(x) = [lo(x) - q, hi(x) + q]`, `q` the `⌈(n + 1)(1 - α)⌉`-th smallest `E`
 *
 * `q` may be negative: the band then shrinks. `tails: 'asymmetric'` calibrates each end at `α/2` by itself
 * (Theorem 2 of the paper), `lower` and `upper` give one-sided intervals; `scales` and `groups` as in split conformal.
 * Crossing base quantiles are swapped and counted in `swapped`; an interval that shrinks to nothing is reported as its
 * middle point and counted in `empty`.
 *
 * @throws {RangeError} for an empty calibration set, `alpha` outside (0, 1), a non-finite value (its index is named)
 * @see Romano, Patterson, Candès 2019, arXiv:1905.03222
 */
export function cqr(options: CqrOptions): Cqr {
  const { lower, upper, y, ...rest } = options;
  const calibrated = restoreCqr(emptyBandState('cqr', rest, rest));
  calibrated.update({ lower, upper }, y, rest);
  if (lower.length === 0)
    throw new RangeError('cqr: the calibration set is empty, expected at least one row');
  return calibrated;
}

/** Brings back a {@link cqr} calibration from its `state()`. */
export function restoreCqr(state: BandState): Cqr {
  const core = band('cqr', state);
  return {
    intervals: ({ lower, upper }, extras) => core.intervals(lower, upper, extras),
    update: ({ lower, upper }, y, extras) => core.update(lower, upper, y, extras),
    state: () => core.state(),
  };
}
