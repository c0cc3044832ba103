import { averageNowAndThen } from '../internal/average-now-and-then.js';
import { checkCount } from '../internal/check-number.js';
import type { PopulationOptions, PopulationResult } from '../internal/train-population.js';

export interface TrainDartOptions<Batch> extends PopulationOptions<Batch> {
  /** Steps in which models go their own way first, 0 or more. */
  readonly warmUp: number;
  /** Steps between two averages after that. */
  readonly every: number;
}

/**
 * DART, diversify-aggregate-repeat: models train on augmentations of their own, and after a warm-up become their average every
 * `every` steps.
 *
 * `θⱼ ← θ̄` after `warmUp`, `warmUp + every`, `warmUp + 2 every`, … steps, and the average in the end. Give each model another
 * augmentation in `batch`. Each model counts as sending every trained weight once for an average.
 *
 * @throws {RangeError} for fewer than two models or options out of range; {StateDictError}, {ShapeError} naming the tensor in which
 *   models differ, {DivergedError} for a loss that is not finite
 * @see Jain et al. 2023, "DART: Diversify-Aggregate-Repeat Training Improves Generalization of Neural Networks", arXiv:2302.14685
 */
export async function trainDart<Batch>(options: TrainDartOptions<Batch>): Promise<PopulationResult> {
  const { warmUp, every, models } = options;
  checkCount('trainDart', 'warmUp', warmUp, 0);
  checkCount('trainDart', 'every', every);
  const count = models.length;
  const shares = models.map(() => models.map(() => 1 / count));
  return averageNowAndThen('trainDart', options, (done) =>
    done >= warmUp && (done - warmUp) % every === 0 ? { shares, senders: count } : undefined,
  );
}
