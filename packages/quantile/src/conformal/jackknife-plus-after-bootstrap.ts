import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { Aggregate } from './bootstrap-models.js';
import { blockSample, checkBootstrap, combine, fitBootstrap } from './bootstrap-models.js';
import { checkRows } from './cross-fit.js';
import type { JackknifePlusOptions, PlusPredictor } from './cv-plus.js';
import { predictRows } from './cv-plus.js';
import { plusIntervals, plusState } from './plus-intervals.js';

export interface JackknifePlusAfterBootstrapOptions<Row> extends JackknifePlusOptions<Row> {
  /** Number of bootstrap models; default 30. */
  readonly models?: number | undefined;
  /** How out-of-bag predictions are joined; default `mean`. */
  readonly aggregate?: Aggregate | undefined;
  /** Draws the bootstrap samples. */
  readonly key: Key;
}

/**
 * Jackknife+-after-bootstrap: jackknife+ where the model without row `i` is the aggregate of those bootstrap models
 * that happened to leave it out, so `B` fits serve all `n` rows.
 *
 * A row that every sample contains has no left-out model; its score counts as infinite (never dropped in silence), which
 * keeps the guarantee, and a reason is given when that makes the interval infinite. The paper draws `B` from a binomial
 * for its proof; here it is fixed, as in practice.
 *
 * @throws {RangeError} for fewer than 2 rows, fewer than 2 models, `alpha` outside (0, 1), non-finite values
 * @see Kim, Xu, Barber 2020, "Predictive inference is free with the jackknife+-after-bootstrap", arXiv:2002.09025
 */
export async function jackknifePlusAfterBootstrap<Row>(
  options: JackknifePlusAfterBootstrapOptions<Row>,
): Promise<PlusPredictor<Row>> {
  const where = 'jackknifePlusAfterBootstrap';
  const { x, alpha, tails, models: count = 30, aggregate = 'mean' } = options;
  checkBootstrap(where, count, aggregate);
  const y = checkRows(where, x, options.y);
  const random = generator(options.key);
  const samples = Array.from({ length: count }, () => blockSample(random, x.length, 1));
  const { models, outOfBag, leftOut } = await fitBootstrap(
    where,
    x,
    y,
    samples,
    options.fit,
    aggregate,
    options,
  );
  const unseen = outOfBag.flatMap((list, i) => (list.length === 0 ? [i] : []));
  for (const i of unseen) leftOut[i] = y[i]!;
  const folds = x.map((_, i) => i);
  const state = plusState(where, { alpha, tails, y, lower: leftOut, folds, unseen });
  return {
    state,
    models,
    async intervals(fresh) {
      const predictions: Float64Array[] = [];
      for (const model of models) predictions.push(await predictRows(where, model, fresh));
      const leftOutOf = outOfBag.map((list) =>
        Float64Array.from(fresh, (_, t) =>
          list.length === 0
            ? 0
            : combine(
                list.map((b) => predictions[b]![t]!),
                aggregate,
              ),
        ),
      );
      return plusIntervals(state, leftOutOf);
    },
  };
}
