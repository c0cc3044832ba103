import { toVector } from '../internal/matrix.js';
import type { BandExtras, BandOptions, BandState } from './band-calibration.js';
import { band, emptyBandState } from './band-calibration.js';
import type { Intervals } from './intervals.js';

export interface SplitConformalOptions extends BandOptions, BandExtras {
  /** `μ(x_i)` on calibration rows the model was not trained on, `[n]`. */
  readonly predictions: ArrayLike<number>;
  /** `y_i`, `[n]`. */
  readonly y: ArrayLike<number>;
}

export interface SplitConformal {
  /** Intervals around new predictions `[m]`; `scales` and `groups` exactly when the calibration had them. */
  intervals(predictions: ArrayLike<number>, extras?: BandExtras): Intervals;
  /** Adds newly observed rows to the calibration scores (the oldest leave once `window` is full). */
  update(predictions: ArrayLike<number>, y: ArrayLike<number>, extras?: BandExtras): void;
  /** A JSON-ready copy of everything; give it to {@link restoreSplitConformal}. */
  state(): BandState;
}

/**
 * Split (inductive) conformal prediction around a point forecast.
 *
 * `C(x) = [μ(x) - q·σ(x), μ(x) + q·σ(x)]`, `q` the `⌈(n + 1)(1 - α)⌉`-th smallest of `|y_i - μ(x_i)| / σ(x_i)`
 *
 * With `scales` this is locally weighted (normalised) conformal, with `groups` Mondrian conformal (each group has its
 * own threshold and its own guarantee); `tails` makes it asymmetric or one-sided. Too few scores give infinite ends
 * and a reason. For exchangeable rows the coverage is at least `1 - α`, and at most `1 - α + 1/(n + 1)` without ties.
 *
 * @throws {RangeError} for an empty calibration set, `alpha` outside (0, 1), a non-finite value (its index is named)
 * @see Lei, G'Sell, Rinaldo, Tibshirani, Wasserman 2018, arXiv:1604.04173 (sections 2.2 and 5.2);
 *   Vovk, Lindsay, Nouretdinov, Gammerman 2003, "Mondrian confidence machine"
 */
export function splitConformal(options: SplitConformalOptions): SplitConformal {
  const where = 'splitConformal';
  const { predictions, y, ...rest } = options;
  const calibrated = restoreSplitConformal(emptyBandState(where, rest, rest));
  calibrated.update(predictions, y, rest);
  if (predictions.length === 0)
    throw new RangeError(`${where}: the calibration set is empty, expected at least one row`);
  return calibrated;
}

/** Brings back a {@link splitConformal} calibration from its `state()`. */
export function restoreSplitConformal(state: BandState): SplitConformal {
  const where = 'splitConformal';
  const core = band(where, state);
  const check = (predictions: ArrayLike<number>) => toVector(where, 'predictions', predictions);
  return {
    intervals(predictions, extras) {
      const centre = check(predictions);
      return core.intervals(centre, centre, extras);
    },
    update(predictions, y, extras) {
      const centre = check(predictions);
      core.update(centre, centre, y, extras);
    },
    state: () => core.state(),
  };
}
