import { sub } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';
import { zipTensors } from './zip-tensors.js';

/**
 * `out = a - b`, tensor by tensor: the task vector of a fine-tuned model `a` and its base `b`.
 *
 * Nests in `jit` and `grad`. Whole numbers and masks are taken from `a`.
 *
 * @throws {StateDictError} naming a tensor one of them lacks; {@link ShapeError} when shapes differ
 */
export function subtract(a: StateDict, b: StateDict): StateDict {
  return zipTensors([a, b], ([x, y]) => (isFloat(x!) ? sub(x!, y!) : x!), 'subtract');
}
