import { mul, type TensorLike } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import { mapTensors } from './map-tensors.js';
import type { StateDict } from './state-dict.js';

/**
 * `out = factor · dict`; `scale(dict, -1)` negates.
 *
 * Nests in `jit` and `grad`. Whole numbers and masks stay as they are.
 *
 * @param factor - a number or a scalar tensor
 */
export function scale(dict: StateDict, factor: TensorLike): StateDict {
  return mapTensors(dict, (tensor) => (isFloat(tensor) ? mul(tensor, factor) : tensor));
}
