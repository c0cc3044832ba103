import { cast, mul } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';
import { zipTensors } from './zip-tensors.js';

/**
 * Zeroes what the mask does not keep: `out = dict · mask`.
 *
 * @param mask - bool (or 0 and 1) tensors with the names and shapes of `dict`
 * @throws {StateDictError} naming a tensor one of them lacks; {@link ShapeError} when shapes differ
 */
export function applyMask(dict: StateDict, mask: StateDict): StateDict {
  return zipTensors([dict, mask], ([x, m]) => (isFloat(x!) ? mul(x!, cast(m!, 'float32')) : x!), 'applyMask');
}
