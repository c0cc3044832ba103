import { add, mul, type TensorLike } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';
import { zipTensors } from './zip-tensors.js';

/**
 * Linear combination of state dicts: `out = Σ weights[i] · dicts[i]`.
 *
 * Made of tensor operations, so it nests in `jit` and `grad`, also with respect to the weights. Computes in float32, in
 * the order of the inputs; whole numbers and masks are taken from the first input.
 *
 * @param dicts - at least one; same names and shapes
 * @param weights - one per input: numbers or scalar tensors
 * @returns float32 tensors
 * @throws {RangeError} for another number of weights than inputs
 */
export function weightedSum(dicts: readonly StateDict[], weights: readonly TensorLike[]): StateDict {
  if (weights.length !== dicts.length) {
    throw new RangeError(`weightedSum: expected ${dicts.length} weights, received ${weights.length}`);
  }
  return zipTensors(
    dicts,
    (tensors) => {
      if (!isFloat(tensors[0]!)) return tensors[0]!;
      return tensors.map((tensor, i) => mul(tensor, weights[i]!)).reduce((sum, term) => add(sum, term));
    },
    'weightedSum',
  );
}
