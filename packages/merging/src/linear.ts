import { type ChunkedMethod, combineInto, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkWeights, sum } from './internal/check-weights.js';

export interface LinearOptions {
  /** One weight per model (default 1 each); any finite numbers. */
  readonly weights?: readonly number[];
  /** Divide by the sum of the weights (default `true`). */
  readonly normalize?: boolean;
}

/**
 * Weighted average of models.
 *
 * `out = Σ aᵢ wᵢ / Σ aᵢ`, or without the division when `normalize` is `false`.
 *
 * Sums are float64, rounded once to the dtype of the models.
 *
 * @param models - at least one; same names, shapes and dtypes; whole-number tensors must be equal
 * @returns a new state dict with that structure
 * @throws {RangeError} without models, for weights that are not finite, or sum to 0 and are to be normalized
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 */
export async function linear(models: readonly StateDict[], options: LinearOptions = {}): Promise<StateDict> {
  return runInMemory(linearMethod(models.length, options), models);
}

/** `linear` for `count` inputs. */
export function linearMethod(count: number, options: LinearOptions = {}, name = 'linear'): ChunkedMethod {
  const { normalize = true } = options;
  const weights = checkWeights(name, options.weights, count, normalize && count > 0);
  const scale = normalize ? 1 / sum(weights) : 1;
  const factors = weights.map((weight) => weight * scale);
  return {
    name,
    granularity: 'element',
    begin: () => ({ emit: ({ inputs }, out) => combineInto(inputs, factors, out) }),
  };
}
