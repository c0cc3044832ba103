import type { LongWork } from '../internal/long-work.js';
import { toVector } from '../internal/matrix.js';
import type { FitModel, FoldOptions, PredictModel } from './cross-fit.js';
import { assignFolds, checkRows, fitWithoutFolds } from './cross-fit.js';
import type { Intervals } from './intervals.js';
import type { PlusOptions, PlusState } from './plus-intervals.js';
import { plusIntervals, plusState } from './plus-intervals.js';

export interface JackknifePlusOptions<Row> extends PlusOptions, LongWork {
  /** Training rows of any kind: they are only handed on to `fit`. */
  readonly x: readonly Row[];
  readonly y: ArrayLike<number>;
  readonly fit: FitModel<Row>;
}

export interface CvPlusOptions<Row> extends JackknifePlusOptions<Row>, FoldOptions {}

/** Fold models with their left-out residuals. */
export interface PlusPredictor<Row> {
  intervals(x: readonly Row[]): Promise<Intervals>;
  /** Residuals and folds, ready for JSON; with the predictions of the models it gives the same intervals through `plusIntervals`. */
  readonly state: PlusState;
  /** One model per fold, each trained without the rows of its fold. */
  readonly models: readonly PredictModel<Row>[];
}

/**
 * CV+: conformal intervals from K-fold cross-validation, no row held out of training for good.
 *
 * Fits `K` models, each without one fold; see {@link plusIntervals} for the formula and the guarantee.
 *
 * @param options.folds - number of folds (default 10, or the number of rows if that is smaller) or the fold of each row
 * @param options.key - draws the folds
 * @throws {RangeError} for fewer than 2 rows, a bad number of folds, `alpha` outside (0, 1), non-finite targets
 * @see Barber, Candès, Ramdas, Tibshirani 2021, arXiv:1905.02928 (section 3)
 */
export function cvPlus<Row>(options: CvPlusOptions<Row>): Promise<PlusPredictor<Row>> {
  return crossFitted('cvPlus', options, options.folds ?? Math.min(10, options.x.length));
}

/**
 * Jackknife+: {@link cvPlus} with one fold per row, so `n` models; no randomness.
 *
 * @see Barber, Candès, Ramdas, Tibshirani 2021, arXiv:1905.02928 (section 2)
 */
export function jackknifePlus<Row>(options: JackknifePlusOptions<Row>): Promise<PlusPredictor<Row>> {
  return crossFitted('jackknifePlus', options, options.x.length);
}

async function crossFitted<Row>(
  where: string,
  options: CvPlusOptions<Row>,
  count: number | ArrayLike<number>,
): Promise<PlusPredictor<Row>> {
  const { x, alpha, tails } = options;
  const y = checkRows(where, x, options.y);
  const folds = assignFolds(where, x.length, { folds: count, key: options.key });
  const leftOut = new Float64Array(x.length);
  const fitted = await fitWithoutFolds(x, y, folds, options.fit, options);
  for (const { model, left } of fitted) {
    const predictions = await predictRows(
      where,
      model,
      left.map((i) => x[i]!),
    );
    left.forEach((i, j) => (leftOut[i] = predictions[j]!));
  }
  const state = plusState(where, { alpha, tails, y, lower: leftOut, folds });
  const models = fitted.map(({ model }) => model);
  return {
    state,
    models,
    async intervals(fresh) {
      const predictions = [];
      for (const model of models) predictions.push(await predictRows(where, model, fresh));
      return plusIntervals(state, predictions);
    },
  };
}

/** Predictions of a user's model, checked. */
export async function predictRows<Row>(
  where: string,
  model: PredictModel<Row>,
  rows: readonly Row[],
): Promise<Float64Array> {
  return toVector(where, 'model predictions', await model(rows), rows.length);
}
