import {
  abs,
  add,
  div,
  less,
  maximum,
  mul,
  square,
  sub,
  type Tensor,
  tensor,
  where,
} from '@weightloom/tensor-gpu';

/**
 * Pinball loss of every cell, `[b, m]`; with `smoothing` `a > 0` its Huberised form: `e²/2a` for `|e| < a`, else `|e| - a/2`, times
 * `τ` above and `1 - τ` below the prediction.
 *
 * @param predictions - `[b, m]` @param y - `[b, 1]`
 */
export function pinballTensor(
  predictions: Tensor,
  y: Tensor,
  levels: ArrayLike<number> | Tensor,
  smoothing = 0,
): Tensor {
  const tau = 'dtype' in levels ? levels : tensor(Float32Array.from(levels));
  const error = sub(y, predictions);
  if (smoothing === 0) return maximum(mul(error, tau), mul(error, sub(tau, 1)));
  const size = abs(error);
  const huber = where(less(size, smoothing), div(square(error), 2 * smoothing), sub(size, smoothing / 2));
  return mul(huber, where(less(error, 0), sub(1, tau), add(tau, mul(error, 0))));
}
