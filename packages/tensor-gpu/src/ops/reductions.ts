import { ShapeError } from '../errors.js';
import * as e from '../primitives/elementwise.js';
import { bind } from '../primitives/primitive.js';
import * as p from '../primitives/reduce.js';
import { reshape } from '../primitives/movement.js';
import { normalizeAxes, normalizeAxis, showShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { stopGradient } from './custom.js';
import { computing, floating } from './operands.js';

/** Which axes vanish (default: all), and whether they stay with size 1. */
export interface ReduceOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
}

/** Reduces with guards and `keepDims` in one place. */
function reduce(
  where: string,
  x: Tensor,
  { axis, keepDims = false }: ReduceOptions,
  compute: (x: Tensor, axes: number[]) => Tensor,
  mayBeEmpty: boolean,
): Tensor {
  const axes = normalizeAxes(where, axis, x.rank);
  if (!mayBeEmpty && axes.some((a) => x.shape[a] === 0)) {
    throw new ShapeError({
      where,
      expected: 'at least one element to reduce over',
      received: `shape ${showShape(x.shape)}`,
    });
  }
  const out = compute(x, axes);
  return keepDims
    ? reshape(
        out,
        x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
      )
    : out;
}

const counting = (where: string, x: Tensor): Tensor => {
  const t = computing(where, x);
  return t.dtype === 'bool' ? e.cast(t, 'int32') : t;
};
const countOf = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map((a) => x.shape[a]));
const meanOf = (x: Tensor, axes: readonly number[]): Tensor => {
  const total = p.sum(x, axes);
  return e.mul(total, e.constantLike(total, 1 / countOf(x, axes)));
};

/** Sum. float32 adds blocks in float64, so long sums keep their accuracy; bool counts. Empty: 0. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce('sum', counting('sum', x), options, p.sum, true);
/** Product. Empty: 1. */
export const prod = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce('prod', counting('prod', x), options, p.prod, true);
/** Largest element; NaN where there is one; ties share the gradient evenly. */
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce('max', counting('max', x), options, p.max, false);
/** Smallest element; NaN where there is one; ties share the gradient evenly. */
export const min = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce('min', counting('min', x), options, p.min, false);
/** Arithmetic mean in float32. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce('mean', floating('mean', x), options, meanOf, false);

/** Mean squared distance from the mean; `ddof` is taken off the count (1 for the sample variance). */
export const variance = (x: Tensor, options: ReduceOptions & { readonly ddof?: number } = {}): Tensor =>
  reduce(
    'variance',
    floating('variance', x),
    options,
    (t, axes) => {
      const centred = e.sub(t, p.spread(meanOf(t, axes), axes, t.shape));
      const total = p.sum(e.mul(centred, centred), axes);
      return e.mul(total, e.constantLike(total, 1 / (countOf(t, axes) - (options.ddof ?? 0))));
    },
    false,
  );

/** `log Σ e^x`, shifted by the largest element; -Infinity where all are. */
export const logSumExp = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce(
    'logSumExp',
    floating('logSumExp', x),
    options,
    (t, axes) => {
      const top = stopAtFinite(p.max(t, axes));
      const shifted = e.sub(t, p.spread(top, axes, t.shape));
      return e.add(e.log(p.sum(e.exp(shifted), axes)), top);
    },
    false,
  );

/** The shift of logSumExp: constant for derivatives, 0 where the largest element is infinite. */
const stopAtFinite = (top: Tensor): Tensor => {
  const fixed = stopGradient(top);
  const zero = e.constantLike(fixed, 0);
  return e.select(e.lt(e.abs(fixed), e.constantLike(fixed, Infinity)), fixed, zero);
};

/** p-norm: `ord` 2 (default), 1 or Infinity. The gradient of the 2-norm at 0 is 0. */
export const norm = (x: Tensor, options: ReduceOptions & { readonly ord?: 1 | 2 | number } = {}): Tensor => {
  const { ord = 2 } = options;
  const t = floating('norm', x);
  if (ord === 1) return sum(e.abs(t), options);
  if (ord === Infinity) return max(e.abs(t), options);
  if (ord !== 2)
    throw new ShapeError({ where: 'norm', expected: 'ord 1, 2 or Infinity', received: String(ord) });
  const squares = sum(e.mul(t, t), options);
  const zero = e.eq(squares, e.constantLike(squares, 0));
  const safe = e.select(zero, e.constantLike(squares, 1), squares);
  return e.select(zero, e.constantLike(squares, 0), e.sqrt(safe));
};

function arg(where: string, x: Tensor, kind: 'max' | 'min', axis: number | undefined): Tensor {
  const t = counting(where, x);
  const flat = axis === undefined ? reshape(t, [t.size]) : t;
  const a = axis === undefined ? 0 : normalizeAxis(where, axis, t.rank);
  if (flat.shape[a] === 0) {
    throw new ShapeError({
      where,
      expected: 'at least one element',
      received: `shape ${showShape(x.shape)}`,
    });
  }
  return bind(p.argPrimitive, [e.cast(flat, 'float32')], { axis: a, kind });
}
/** Position of the first largest element (of the first NaN, if any), int32; without `axis` in the flattened tensor. Integers above 2^24 are compared as float32. */
export const argmax = (x: Tensor, axis?: number): Tensor => arg('argmax', x, 'max', axis);
/** Position of the first smallest element (of the first NaN, if any), int32; without `axis` in the flattened tensor. */
export const argmin = (x: Tensor, axis?: number): Tensor => arg('argmin', x, 'min', axis);

/** Running sum along an axis; from the end when `reverse`. */
export const cumsum = (
  x: Tensor,
  axis = 0,
  { reverse = false }: { readonly reverse?: boolean } = {},
): Tensor => {
  const t = counting('cumsum', x);
  return bind(p.cumsumPrimitive, [t], { axis: normalizeAxis('cumsum', axis, t.rank), reverse });
};
/** True where any element is non-zero. */
export const any = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  e.cast(reduce('any', e.cast(e.cast(x, 'bool'), 'int32'), options, p.sum, true), 'bool');
/** True where every element is non-zero. */
export const all = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  e.cast(reduce('all', e.cast(e.cast(x, 'bool'), 'int32'), options, p.prod, true), 'bool');
