import { foldIn, generator } from '@weightloom/tensor-gpu';
import { averageNowAndThen } from '../internal/average-now-and-then.js';
import { checkCount, checkNumber } from '../internal/check-number.js';
import type { PopulationOptions, PopulationResult } from '../internal/train-population.js';

export interface TrainPapaOptions<Batch> extends PopulationOptions<Batch> {
  /**
   * `'papa'` (default): each model is pulled a little to the mean; `'all'`: all become the mean; `'pair'`: each becomes the mean
   * of two drawn at random ("PAPA-2").
   */
  readonly variant?: 'papa' | 'all' | 'pair';
  /** Steps between two exchanges (default 10 for `'papa'`; needed for the others, where it is a few epochs). */
  readonly every?: number;
  /** `α` from 0 to 1, for `'papa'`: how much of itself a model keeps (default 0.99). */
  readonly keep?: number;
}

/**
 * PAPA: trains models side by side and averages them now and then, so that they can be averaged in the end.
 *
 * Every `every` steps `θⱼ ← α θⱼ + (1 - α) θ̄`, `θ̄` the mean over the models; `'all'` is `α = 0`, `'pair'` takes `θ̄` over two
 * models that are drawn for each. What the optimisers remember stays.
 *
 * For the mean, each model counts as sending every trained weight once; for a pair, each model that is not the receiver does.
 * Where we differ: α does not follow the learning rate.
 *
 * @throws {RangeError} for fewer than two models or options out of range; {StateDictError}, {ShapeError} naming the tensor in which
 *   models differ, {DivergedError} for a loss that is not finite
 * @see Jolicoeur-Martineau et al. 2024, "PopulAtion Parameter Averaging (PAPA)", arXiv:2304.03094
 */
export async function trainPapa<Batch>(options: TrainPapaOptions<Batch>): Promise<PopulationResult> {
  const where = 'trainPapa';
  const { variant = 'papa', keep = 0.99 } = options;
  if (!['papa', 'all', 'pair'].includes(variant)) {
    throw new RangeError(`${where}: expected variant to be papa, all or pair, received ${String(variant)}`);
  }
  if (variant !== 'papa' && options.every === undefined) {
    throw new RangeError(
      `${where}: expected every, the steps between two averages, for ${variant}, received none`,
    );
  }
  const { every = 10 } = options;
  checkCount(where, 'every', every);
  checkNumber(where, 'keep', keep, 0, 1);
  const count = options.models.length;
  const own = variant === 'papa' ? keep : 0;
  const exchangeKey = foldIn(options.key, 'exchange');
  return averageNowAndThen(where, options, (done) => {
    if (done % every !== 0) return undefined;
    if (variant !== 'pair') {
      return { shares: table(count, (i, j) => (1 - own) / count + (i === j ? own : 0)), senders: count };
    }
    const draw = generator(foldIn(exchangeKey, done));
    const pairs = Array.from({ length: count }, () => [...draw.permutation(count).subarray(0, 2)]);
    return {
      shares: table(count, (i, j) => (pairs[i]!.includes(j) ? 0.5 : 0)),
      senders: pairs.reduce((sum, pair, i) => sum + pair.filter((j) => j !== i).length, 0),
    };
  });
}

/** Row i: how much of each model j the new model i has. */
const table = (count: number, share: (i: number, j: number) => number): number[][] =>
  Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => share(i, j)));
