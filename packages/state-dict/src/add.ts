import { add as addTensors } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';
import { zipTensors } from './zip-tensors.js';

/**
 * `out = a + b`, tensor by tensor.
 *
 * Nests in `jit` and `grad`. Whole numbers and masks are taken from `a`.
 *
 * @throws {StateDictError} naming a tensor one of them lacks; {@link ShapeError} when shapes differ
 */
export function add(a: StateDict, b: StateDict): StateDict {
  return zipTensors([a, b], ([x, y]) => (isFloat(x!) ? addTensors(x!, y!) : x!), 'add');
}
