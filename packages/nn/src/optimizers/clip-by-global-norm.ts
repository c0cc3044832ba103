import { add, div, maximum, mul, sqrt, square, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkPositive } from '../internal/checks.js';
import { mapDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { Optimizer } from './optimizer.js';
import { stateless } from './stateless.js';

/** `‖g‖₂` over all tensors of a dict together, a scalar; 0 for an empty one. */
export const globalNorm = (dict: StateDict): Tensor => {
  const [first, ...rest] = Object.keys(dict)
    .sort()
    .map((name) => sum(square(dict[name])));
  return first ? sqrt(rest.reduce((a, b) => add(a, b), first)) : tensor(0);
};

/**
 * `g · min(1, c / ‖g‖₂)`, the norm over all gradients together. NaN and infinity pass and are seen in the loss.
 *
 * @param maxNorm - `c`
 * @throws {RangeError} for a `maxNorm` that is not finite and above 0
 */
export function clipByGlobalNorm(maxNorm: number): Optimizer<null> {
  checkPositive('clipByGlobalNorm', 'maxNorm', maxNorm);
  return stateless({ type: 'clipByGlobalNorm', maxNorm }, (grads) => {
    const factor = div(maxNorm, maximum(globalNorm(grads), maxNorm));
    return mapDict((g) => mul(g, factor), grads);
  });
}
