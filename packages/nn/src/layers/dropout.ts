import { bernoulli, foldIn, mul, type Tensor, where } from '@weightloom/tensor-gpu';
import type { ApplyContext } from '../model.js';

/** While training with a key: zeroes a share `rate` of the elements and divides the rest by `1 - rate`. Otherwise `x`. */
export function dropout(path: string, x: Tensor, rate: number, { key, train }: ApplyContext = {}): Tensor {
  if (rate === 0 || !train || !key) return x;
  return mul(where(bernoulli(foldIn(key, path), 1 - rate, x.shape), x, 0), 1 / (1 - rate));
}
