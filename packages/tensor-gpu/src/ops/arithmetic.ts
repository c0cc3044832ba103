import { DTypeError } from '../errors.js';
import * as p from '../primitives/elementwise.js';
import { broadcastTo } from '../primitives/movement.js';
import { checkDType, type DType } from '../tensor/dtype.js';
import { broadcastShapes } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { computing, floating, together, toTensor } from './operands.js';

/** Arithmetic on booleans counts them as 0 and 1. */
const numeric = (where: string, inputs: readonly TensorLike[]): Tensor[] => {
  const out = together(where, inputs);
  return out[0].dtype === 'bool' ? out.map((t) => p.cast(t, 'int32')) : out;
};

/** `a + b`, broadcasting. */
export const add = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = numeric('add', [a, b]);
  return p.add(x, y);
};
/** `a - b`, broadcasting. */
export const sub = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = numeric('sub', [a, b]);
  return p.sub(x, y);
};
/** `a · b`, broadcasting. */
export const mul = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = numeric('mul', [a, b]);
  return p.mul(x, y);
};
/** `a / b` in float32, broadcasting; division by zero follows IEEE. */
export const div = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = together('div', [a, b], 'float32');
  return p.div(x, y);
};
/** `a^b` in float32, broadcasting; a negative base needs a whole exponent, else NaN. Whole number exponents 0–3 and ½ are exact products and roots. */
export const pow = (a: TensorLike, b: TensorLike): Tensor => {
  if (typeof b === 'number') {
    const x = floating('pow', a);
    if (b === 1) return x;
    if (b === 2) return p.mul(x, x);
    if (b === 3) return p.mul(p.mul(x, x), x);
    if (b === 0.5) return p.sqrt(x);
    if (b === -1) return p.reciprocal(x);
  }
  const [x, y] = together('pow', [a, b], 'float32');
  return p.pow(x, y);
};
/** `a - b · floor(a/b)` in float32, the sign of the divisor, as NumPy. */
export const mod = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = together('mod', [a, b], 'float32');
  return p.mod(x, y);
};
/** The larger of each pair, broadcasting; NaN where either is NaN. Ties share the gradient. */
export const maximum = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = numeric('maximum', [a, b]);
  return p.maximum(x, y);
};
/** The smaller of each pair, broadcasting; NaN where either is NaN. Ties share the gradient. */
export const minimum = (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = numeric('minimum', [a, b]);
  return p.minimum(x, y);
};

const compare =
  (name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge') =>
  (a: TensorLike, b: TensorLike): Tensor => {
    const [x, y] = name === 'eq' || name === 'ne' ? together(name, [a, b]) : numeric(name, [a, b]);
    return p[name](x, y);
  };
/** `a = b`, a bool tensor. */
export const equal = compare('eq');
/** `a ≠ b`, a bool tensor. */
export const notEqual = compare('ne');
/** `a < b`, a bool tensor. */
export const less = compare('lt');
/** `a ≤ b`, a bool tensor. */
export const lessEqual = compare('le');
/** `a > b`, a bool tensor. */
export const greater = compare('gt');
/** `a ≥ b`, a bool tensor. */
export const greaterEqual = compare('ge');

const logical =
  (name: 'and' | 'or', where: string) =>
  (a: Tensor, b: Tensor): Tensor => {
    const [x, y] = together(where, [a, b], 'bool');
    return p[name](x, y);
  };
/** True where both are non-zero. */
export const logicalAnd = logical('and', 'logicalAnd');
/** True where one is non-zero. */
export const logicalOr = logical('or', 'logicalOr');
/** True where the value is zero. */
export const logicalNot = (a: Tensor): Tensor => p.not(p.cast(toTensor('logicalNot', a), 'bool'));

/** `condition ? a : b`, all three broadcasting; the untaken side gets no gradient. */
export const where = (condition: Tensor, a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = together('where', [a, b]);
  const mask = p.cast(toTensor('where', condition), 'bool');
  const shape = broadcastShapes('where', mask.shape, x.shape);
  return p.select(broadcastTo(mask, shape), broadcastTo(x, shape), broadcastTo(y, shape));
};

const signed =
  (name: 'neg' | 'abs' | 'sign') =>
  (x: TensorLike): Tensor => {
    const t = computing(name, x);
    return p[name](t.dtype === 'bool' ? p.cast(t, 'int32') : t);
  };
/** `-x`. */
export const neg = signed('neg');
/** `|x|`; derivative 0 at 0. */
export const abs = signed('abs');
/** -1, 0 or 1; NaN stays. */
export const sign = signed('sign');

const rounding =
  (name: 'floor' | 'ceil' | 'round') =>
  (x: TensorLike): Tensor => {
    const t = computing(name, x);
    return t.dtype === 'float32' ? p[name](t) : t;
  };
/** Largest whole number not above `x`; no gradient. */
export const floor = rounding('floor');
/** Smallest whole number not below `x`; no gradient. */
export const ceil = rounding('ceil');
/** Nearest whole number, halves to even as NumPy; no gradient. */
export const round = rounding('round');

type Unary =
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'rsqrt'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'reciprocal';
const float =
  (name: Unary) =>
  (x: TensorLike): Tensor =>
    p[name](floating(name, x));
/** `e^x`. */
export const exp = float('exp');
/** `e^x - 1`, accurate near 0. */
export const expm1 = float('expm1');
/** Natural logarithm; -Infinity at 0, NaN below. */
export const log = float('log');
/** `log(1 + x)`, accurate near 0. */
export const log1p = float('log1p');
/** Square root; NaN below 0. */
export const sqrt = float('sqrt');
/** `1 / √x`. */
export const rsqrt = float('rsqrt');
/** Sine of radians, accurate up to 2^24. */
export const sin = float('sin');
/** Cosine of radians, accurate up to 2^24. */
export const cos = float('cos');
/** Hyperbolic tangent. */
export const tanh = float('tanh');
/** `1 / (1 + e^-x)`. */
export const sigmoid = float('sigmoid');
/** Error function. */
export const erf = float('erf');
/** `1 / x`. */
export const reciprocal = float('reciprocal');
/** `x · x`. */
export const square = (x: TensorLike): Tensor => mul(x, x);

/** `min(max(x, low), high)`; gradient 0 outside. `low` must not exceed `high`. */
export const clip = (x: TensorLike, low: number, high: number): Tensor => {
  if (!(low <= high)) {
    throw new DTypeError({ where: 'clip', expected: 'low ≤ high', received: `${low} and ${high}` });
  }
  const t = computing('clip', x);
  return minimum(maximum(t, low), high);
};

/** Converts; float to int32 truncates towards zero and saturates, to bool means `x ≠ 0`, to bfloat16, float16 and int8 rounds half to even. */
export const cast = (x: Tensor, dtype: DType): Tensor => {
  checkDType('cast', dtype);
  return p.cast(toTensor('cast', x), dtype);
};

/** True where `x` is NaN. */
export const isNaN = (x: Tensor): Tensor => {
  const t = floating('isNaN', x);
  return p.ne(t, t);
};
/** True where `x` is neither NaN nor infinite. */
export const isFinite = (x: Tensor): Tensor => {
  const t = floating('isFinite', x);
  return p.lt(p.abs(t), p.constantLike(t, Infinity));
};
