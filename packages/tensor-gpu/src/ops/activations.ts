import * as e from '../primitives/elementwise.js';
import { max, spread, sum } from '../primitives/reduce.js';
import { normalizeAxis } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { customGrad, stopGradient } from './custom.js';
import { floating } from './operands.js';

/** `max(x, 0)`; derivative 0 at 0, NaN stays. */
export const relu = (x: Tensor): Tensor => {
  const t = floating('relu', x);
  const zero = e.constantLike(t, 0);
  return e.select(e.le(t, zero), zero, t);
};

/** `x` above 0, `slope · x` below. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => {
  const t = floating('leakyRelu', x);
  return e.select(e.gt(t, e.constantLike(t, 0)), t, e.mul(t, e.constantLike(t, slope)));
};

/** `log(1 + e^x)`, without overflow. */
export const softplus = (x: Tensor): Tensor => {
  const t = floating('softplus', x);
  return e.add(e.maximum(t, e.constantLike(t, 0)), e.log1p(e.exp(e.neg(e.abs(t)))));
};

/** `x · sigmoid(x)`, also called swish. */
export const silu = (x: Tensor): Tensor => {
  const t = floating('silu', x);
  return e.mul(t, e.sigmoid(t));
};

/** Gaussian error linear unit: `x · Φ(x)`, or with `approximate: 'tanh'` the formula GPT-2 uses. */
export const gelu = (
  x: Tensor,
  { approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' } = {},
): Tensor => {
  const t = floating('gelu', x);
  const half = e.mul(t, e.constantLike(t, 0.5));
  const one = e.constantLike(t, 1);
  if (approximate === 'none') {
    return e.mul(half, e.add(one, e.erf(e.mul(t, e.constantLike(t, Math.SQRT1_2)))));
  }
  const cube = e.mul(e.mul(t, t), t);
  const inner = e.add(t, e.mul(cube, e.constantLike(t, 0.044715)));
  return e.mul(half, e.add(one, e.tanh(e.mul(inner, e.constantLike(t, Math.sqrt(2 / Math.PI))))));
};

/** `x` minus its largest element along an axis; the shift is constant for derivatives. */
function shifted(x: Tensor, axis: number): Tensor {
  const top = stopGradient(max(stopGradient(x), [axis]));
  return e.sub(x, spread(top, [axis], x.shape));
}

/**
 * `e^x / Σ e^x` along an axis (default: the last). Its derivative is `y (ct - Σ y ct)` in the result `y`, so nothing else is kept for
 * it.
 */
export const softmax = (x: Tensor, axis = -1): Tensor => {
  const t = floating('softmax', x);
  const a = normalizeAxis('softmax', axis, t.rank);
  const along = (rows: Tensor): Tensor => spread(sum(rows, [a]), [a], t.shape);
  return customGrad((input: Tensor) => {
    const powers = e.exp(shifted(input, a));
    const value = e.div(powers, along(powers));
    return { value, grad: (ct) => [e.mul(value, e.sub(ct, along(e.mul(ct, value))))] };
  })(t);
};

/** `log softmax(x)` along an axis (default: the last), without overflow. Its derivative is `ct - e^y Σ ct` in the result `y`. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => {
  const t = floating('logSoftmax', x);
  const a = normalizeAxis('logSoftmax', axis, t.rank);
  const along = (rows: Tensor): Tensor => spread(rows, [a], t.shape);
  return customGrad((input: Tensor) => {
    const centred = shifted(input, a);
    const value = e.sub(centred, along(e.log(sum(e.exp(centred), [a]))));
    return { value, grad: (ct) => [e.sub(ct, e.mul(e.exp(value), along(sum(ct, [a]))))] };
  })(t);
};
