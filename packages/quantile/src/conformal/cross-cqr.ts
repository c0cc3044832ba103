import type { LongWork } from '../internal/long-work.js';
import { toVector } from '../internal/matrix.js';
import type { QuantileBand } from './cqr.js';
import type { FoldOptions } from './cross-fit.js';
import { assignFolds, checkRows, fitWithoutFolds } from './cross-fit.js';
import type { Intervals } from './intervals.js';
import type { PlusOptions, PlusState } from './plus-intervals.js';
import { plusIntervals, plusState } from './plus-intervals.js';

/** Predicts the lower and upper quantile of each row. */
export type PredictBand<Row> = (x: readonly Row[]) => QuantileBand | Promise<QuantileBand>;

export interface CrossCqrOptions<Row> extends PlusOptions, FoldOptions, LongWork {
  readonly x: readonly Row[];
  readonly y: ArrayLike<number>;
  /** Trains quantile models, usually for the levels `α/2` and `1 - α/2`. */
  readonly fit: (x: readonly Row[], y: Float64Array) => PredictBand<Row> | Promise<PredictBand<Row>>;
}

export interface CrossCqrPredictor<Row> {
  intervals(x: readonly Row[]): Promise<Intervals>;
  /** Residuals and folds, ready for JSON. */
  readonly state: PlusState;
  readonly models: readonly PredictBand<Row>[];
}

/**
 * Conformalised quantile regression over K folds (the CV+ form of CQR): every row calibrates a model that never saw it.
 *
 * See {@link plusIntervals} for the formula and the guarantee; crossing quantiles are swapped and counted.
 *
 * @throws {RangeError} for fewer than 2 rows, a bad number of folds, `alpha` outside (0, 1), non-finite values
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083 (section 5); Barber et al. 2021, arXiv:1905.02928
 */
export async function crossCqr<Row>(options: CrossCqrOptions<Row>): Promise<CrossCqrPredictor<Row>> {
  const where = 'crossCqr';
  const { x, alpha, tails, key } = options;
  const y = checkRows(where, x, options.y);
  const folds = assignFolds(where, x.length, { folds: options.folds ?? Math.min(10, x.length), key });
  const lower = new Float64Array(x.length);
  const upper = new Float64Array(x.length);
  const fitted = await fitWithoutFolds(x, y, folds, options.fit, options);
  for (const { model, left } of fitted) {
    const band = await predictBand(
      where,
      model,
      left.map((i) => x[i]!),
    );
    left.forEach((i, j) => {
      lower[i] = band.lower[j]!;
      upper[i] = band.upper[j]!;
    });
  }
  const state = plusState(where, { alpha, tails, y, lower, upper, folds });
  const models = fitted.map(({ model }) => model);
  return {
    state,
    models,
    async intervals(fresh) {
      const bands = [];
      for (const model of models) bands.push(await predictBand(where, model, fresh));
      return plusIntervals(
        state,
        bands.map((band) => band.lower),
        bands.map((band) => band.upper),
      );
    },
  };
}

async function predictBand<Row>(where: string, model: PredictBand<Row>, rows: readonly Row[]) {
  const { lower, upper } = await model(rows);
  return {
    lower: toVector(where, 'model lower', lower, rows.length),
    upper: toVector(where, 'model upper', upper, rows.length),
  };
}
