import { DTypeError, ShapeError } from '../errors.js';
import { broadcastTo, zerosLike as zerosOf } from '../primitives/movement.js';
import { constantLike } from '../primitives/elementwise.js';
import { checkDType, type DType, hostArray } from '../tensor/dtype.js';
import { checkShape, type Shape } from '../tensor/shape.js';
import { fromHost, type Tensor } from '../tensor/tensor.js';

/** One value everywhere; takes no memory until it is combined with something. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkShape('full', shape);
  checkDType('full', dtype);
  if (dtype === 'bfloat16' || dtype === 'float16') {
    throw new DTypeError({
      where: 'full',
      expected: 'float32, int32, bool or int8',
      received: dtype,
      cure: 'cast() it',
    });
  }
  const host = hostArray(dtype, 1);
  host[0] = value;
  return broadcastTo(fromHost(host, [], dtype), shape);
}
/** Zeros of a shape. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 0, dtype);
/** Ones of a shape. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 1, dtype);
/** Zeros in the shape and dtype of `x`. */
export const zerosLike = (x: Tensor): Tensor => zerosOf(x);
/** Ones in the shape and dtype of `x`. */
export const onesLike = (x: Tensor): Tensor => constantLike(x, 1);

/** `start, start + step, …` below `stop`; int32 when all three are whole, else float32. `arange(n)` counts from 0. */
export function arange(start: number, stop?: number, step = 1): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!(Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(step)) || step === 0) {
    throw new ShapeError({
      where: 'arange',
      expected: 'finite bounds and a step other than 0',
      received: `${from}, ${to}, ${step}`,
    });
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const host = whole ? new Int32Array(n) : new Float32Array(n);
  for (let i = 0; i < n; i++) host[i] = from + i * step;
  return fromHost(host, [n], whole ? 'int32' : 'float32');
}

/** `count` evenly spaced numbers from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number): Tensor {
  if (!Number.isInteger(count) || count < 0) {
    throw new ShapeError({ where: 'linspace', expected: 'a count ≥ 0', received: String(count) });
  }
  const host = new Float32Array(count);
  for (let i = 0; i < count; i++) host[i] = count === 1 ? start : start + ((stop - start) * i) / (count - 1);
  return fromHost(host, [count], 'float32');
}

/** The n × m matrix with ones on the diagonal. */
export function eye(n: number, m = n): Tensor {
  checkShape('eye', [n, m]);
  const host = new Float32Array(n * m);
  for (let i = 0; i < Math.min(n, m); i++) host[i * m + i] = 1;
  return fromHost(host, [n, m], 'float32');
}
