import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { LongWork } from '../internal/long-work.js';
import { toVector } from '../internal/matrix.js';
import type { Aggregate } from './bootstrap-models.js';
import { blockSample, checkBootstrap, combine, fitBootstrap } from './bootstrap-models.js';
import { checkAlpha } from './conformal-quantile.js';
import type { FitModel } from './cross-fit.js';
import { checkRows } from './cross-fit.js';
import { predictRows } from './cv-plus.js';
import type { Intervals } from './intervals.js';
import { closeIntervals } from './intervals.js';
import { sortNumbers } from './score-window.js';

export interface EnbPiOptions<Row> extends LongWork {
  /** Miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Training rows in order of time. */
  readonly x: readonly Row[];
  readonly y: ArrayLike<number>;
  readonly fit: FitModel<Row>;
  /** Number of bootstrap models; default 30. */
  readonly models?: number | undefined;
  /** Rows per bootstrap block, 1 to n; default `round(n^(1/3))`. */
  readonly blockLength?: number | undefined;
  /** How the ensemble is joined; default `mean`. */
  readonly aggregate?: Aggregate | undefined;
  /** Draws the bootstrap samples. */
  readonly key: Key;
}

/** The sliding window of residuals, ready for JSON. */
export interface EnbPiState {
  readonly alpha: number;
  /** Signed residuals `y - f(x)` from old to new; its length is the width of the window. */
  readonly residuals: readonly number[];
}

export interface EnbPiPredictor<Row> {
  /** Ensemble predictions `[m]` of new rows. */
  predict(x: readonly Row[]): Promise<Float64Array>;
  intervals(x: readonly Row[]): Promise<Intervals>;
  /** Slides the window over newly observed rows, oldest residuals first out; models are not trained again. */
  update(x: readonly Row[], y: ArrayLike<number>): Promise<void>;
  /** The window now; with stored predictions, {@link enbPiIntervals} and {@link enbPiUpdate} go on from it. */
  state(): EnbPiState;
  /** Training rows left out of the window because every sample contained them. */
  readonly unseen: readonly number[];
}

/**
 * EnbPI: ensemble batch prediction intervals for time series, without exchangeability and without refitting.
 *
 * `B` models on block-bootstrap samples; residual `e_i = y_i - f^{-i}(x_i)` by the models that left row `i` out;
 * `C(x) = [f(x) + Q_β(e), f(x) + Q_{1-α+β}(e)]`, `f` the whole ensemble's aggregate, `β ∈ [0, α]` the narrowest choice.
 *
 * Coverage `1 - α` holds asymptotically for strongly mixing errors; there is no finite-sample guarantee, so the ends are
 * plain empirical quantiles (inverse distribution function) and always finite.
 *
 * @throws {RangeError} for fewer than 2 rows or models, a bad block length, `alpha` outside (0, 1), non-finite values,
 *   or when every sample contained every row
 * @see Xu, Xie 2021, "Conformal prediction interval for dynamic time-series", arXiv:2010.09107
 */
export async function enbPi<Row>(options: EnbPiOptions<Row>): Promise<EnbPiPredictor<Row>> {
  const where = 'enbPi';
  const { x, alpha, models: count = 30, aggregate = 'mean' } = options;
  checkAlpha(where, alpha);
  checkBootstrap(where, count, aggregate);
  const y = checkRows(where, x, options.y);
  const { blockLength = Math.round(Math.cbrt(x.length)) } = options;
  if (!(Number.isInteger(blockLength) && blockLength >= 1 && blockLength <= x.length))
    throw new RangeError(
      `${where}: blockLength is ${blockLength}, expected an integer from 1 to the ${x.length} rows`,
    );
  const random = generator(options.key);
  const samples = Array.from({ length: count }, () => blockSample(random, x.length, blockLength));
  const { models, leftOut } = await fitBootstrap(where, x, y, samples, options.fit, aggregate, options);
  const unseen = Array.from(leftOut.keys()).filter((i) => Number.isNaN(leftOut[i]!));
  if (unseen.length === x.length)
    throw new RangeError(
      `${where}: every bootstrap sample contains every row, use more models or shorter blocks`,
    );
  let state: EnbPiState = {
    alpha,
    residuals: [...y].map((value, i) => value - leftOut[i]!).filter((e) => !Number.isNaN(e)),
  };

  async function predict(fresh: readonly Row[]): Promise<Float64Array> {
    const predictions: Float64Array[] = [];
    for (const model of models) predictions.push(await predictRows(where, model, fresh));
    return Float64Array.from(fresh, (_, t) =>
      combine(
        predictions.map((list) => list[t]!),
        aggregate,
      ),
    );
  }

  return {
    unseen,
    predict,
    intervals: async (fresh) => enbPiIntervals(state, await predict(fresh)),
    async update(fresh, observed) {
      state = enbPiUpdate(state, await predict(fresh), observed);
    },
    state: () => state,
  };
}

/** The intervals of {@link enbPi} around ensemble predictions `[m]`. */
export function enbPiIntervals(state: EnbPiState, predictions: ArrayLike<number>): Intervals {
  const where = 'enbPiIntervals';
  const centre = toVector(where, 'predictions', predictions);
  checkAlpha(where, state.alpha);
  if (toVector(where, 'residuals', state.residuals).length === 0)
    throw new RangeError(`${where}: residuals is empty, expected at least one`);
  const [low, high] = narrowestOffsets(state.residuals, state.alpha);
  return closeIntervals(
    centre.map((value) => value + low),
    centre.map((value) => value + high),
  );
}

/** A new window with the residuals of newly observed rows; as many of the oldest leave. */
export function enbPiUpdate(
  state: EnbPiState,
  predictions: ArrayLike<number>,
  y: ArrayLike<number>,
): EnbPiState {
  const centre = toVector('enbPiUpdate', 'predictions', predictions);
  const outcomes = toVector('enbPiUpdate', 'y', y, centre.length);
  const fresh = Array.from(outcomes, (value, t) => value - centre[t]!);
  return { ...state, residuals: [...state.residuals, ...fresh].slice(-state.residuals.length) };
}

/** `Q_β` and `Q_{1-α+β}` of the residuals for the `β` that makes them closest: `⌈(1 - α)n⌉` places apart when sorted. */
function narrowestOffsets(residuals: readonly number[], alpha: number): [number, number] {
  const sorted = sortNumbers(residuals);
  const held = Math.min(sorted.length, Math.ceil((1 - alpha) * sorted.length - 1e-9) + 1);
  let best = 0;
  for (let start = 0; start + held <= sorted.length; start++)
    if (sorted[start + held - 1]! - sorted[start]! < sorted[best + held - 1]! - sorted[best]!) best = start;
  return [sorted[best]!, sorted[best + held - 1]!];
}
