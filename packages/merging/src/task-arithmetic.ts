import type { ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface TaskArithmeticOptions {
  /** One weight per model (default 1 each); any finite numbers, negative ones to forget. */
  readonly weights?: readonly number[];
  /** Scale of the whole change (default 1). */
  readonly lambda?: number;
  /** Divide the change by the sum of the weights (default `false`). */
  readonly normalize?: boolean;
}

/**
 * Task arithmetic: adds what fine-tunes changed to their common base.
 *
 * `out = w₀ + λ Σ aᵢ (wᵢ - w₀)`, divided by `Σ aᵢ` when `normalize` is set. Addition with positive weights, forgetting
 * with negative ones, analogies ("C + (B - A)") with both.
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @returns a new state dict with that structure; the base itself when `lambda` or all weights are 0
 * @throws {RangeError} without models, for weights that are not finite, or sum to 0 and are to be normalized
 * @see Ilharco et al. 2023, "Editing Models with Task Arithmetic", arXiv:2212.04089
 */
export async function taskArithmetic(
  base: StateDict,
  models: readonly StateDict[],
  options: TaskArithmeticOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(taskArithmeticMethod(models.length, options), base, models);
}

/** `taskArithmetic` for the base and `count` models. */
export function taskArithmeticMethod(count: number, options: TaskArithmeticOptions = {}): ChunkedMethod {
  const name = 'taskArithmetic';
  const { lambda = 1, normalize = false } = options;
  const weights = checkWeights(name, options.weights, count, normalize);
  checkNumber(name, 'lambda', lambda);
  return taskVectorMethod({ name, weights, lambda, normalize, vote: 'none' });
}
