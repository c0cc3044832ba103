import { DTypeError } from '../errors.js';
import { cast } from '../primitives/elementwise.js';
import { broadcastTo } from '../primitives/movement.js';
import { computeDType, type DType, promote } from '../tensor/dtype.js';
import { broadcastShapes } from '../tensor/shape.js';
import { fromHost, Tensor, type TensorLike } from '../tensor/tensor.js';

/** A number becomes a scalar: int32 where `near` is an integer tensor and the number is whole, else float32. */
export function toTensor(where: string, x: TensorLike, near?: TensorLike): Tensor {
  if (x instanceof Tensor) return x;
  if (typeof x !== 'number') {
    throw new DTypeError({
      where,
      expected: 'a tensor or a number',
      received: x === null ? 'null' : typeof x,
    });
  }
  const whole =
    near instanceof Tensor && near.dtype === 'int32' && Number.isInteger(x) && Math.abs(x) < 2 ** 31;
  return whole ? fromHost(new Int32Array([x]), [], 'int32') : fromHost(new Float32Array([x]), [], 'float32');
}

/** A tensor in the dtype it computes in. */
export function computing(where: string, x: TensorLike): Tensor {
  const t = toTensor(where, x);
  return cast(t, computeDType(t.dtype));
}

/** A tensor as float32; integers and booleans are converted. */
export const floating = (where: string, x: TensorLike): Tensor => cast(toTensor(where, x), 'float32');

/** Operands in one dtype and one shape, as NumPy promotes and broadcasts. */
export function together(where: string, inputs: readonly TensorLike[], dtype?: DType): Tensor[] {
  const near = inputs.find((x) => x instanceof Tensor);
  const tensors = inputs.map((x) => toTensor(where, x, near));
  const type =
    dtype ??
    tensors.map((t) => t.dtype).reduce(promote, tensors[0].dtype === 'bool' ? 'bool' : tensors[0].dtype);
  const target = computeDType(type);
  const shape = broadcastShapes(where, ...tensors.map((t) => t.shape));
  return tensors.map((t) => broadcastTo(cast(t, target), shape));
}
