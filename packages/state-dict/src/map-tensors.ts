import type { Tensor } from '@weightloom/tensor-gpu';
import { type StateDict, stateDict } from './state-dict.js';

/**
 * A new state dict with `f(tensor, name)` in place of every tensor.
 *
 * @param f - called once per tensor, of any dtype
 */
export function mapTensors(dict: StateDict, f: (tensor: Tensor, name: string) => Tensor): StateDict {
  return stateDict(Object.entries(dict).map(([name, tensor]) => [name, f(tensor, name)] as const));
}
