import { CheckpointError } from './checkpoint-error.js';
import { type Dtype, elementCount, tensorByteLength } from './dtypes.js';
import {
  type BigIntView,
  checkRaw,
  type NumberView,
  rawView,
  unsupported,
  valueError,
} from './internal/raw-values.js';
import type { RawTensor } from './raw-tensor.js';

/** Inclusive range of each integer dtype; BOOL counts as 0 and 1. */
const ranges: Partial<Record<Dtype, readonly [bigint, bigint]>> = {
  BOOL: [0n, 1n],
  U8: [0n, 2n ** 8n - 1n],
  I8: [-(2n ** 7n), 2n ** 7n - 1n],
  U16: [0n, 2n ** 16n - 1n],
  I16: [-(2n ** 15n), 2n ** 15n - 1n],
  U32: [0n, 2n ** 32n - 1n],
  I32: [-(2n ** 31n), 2n ** 31n - 1n],
  U64: [0n, 2n ** 64n - 1n],
  I64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * The elements of an integer or BOOL tensor as int32.
 *
 * @returns a fresh array of `product(shape)` elements
 * @throws {CheckpointError} `value-overflow` at the first element outside -2^31 … 2^31 - 1; `unsupported-conversion`
 *   for dtypes that are not integers
 */
export function toInt32(raw: RawTensor): Int32Array {
  return Int32Array.from(integers(raw, 'I32', 'toInt32'), Number);
}

/** The elements of an integer or BOOL tensor as bytes; as {@link toInt32} but for 0 … 255. */
export function toUint8(raw: RawTensor): Uint8Array {
  return Uint8Array.from(integers(raw, 'U8', 'toUint8'), Number);
}

/** The elements of an integer or BOOL tensor as bigints; as {@link toInt32} but for -2^63 … 2^63 - 1. */
export function toBigInt64(raw: RawTensor): BigInt64Array {
  return BigInt64Array.from(integers(raw, 'I64', 'toBigInt64'), BigInt);
}

/**
 * An integer or BOOL tensor.
 *
 * @param values - `product(shape)` whole numbers or bigints
 * @param dtype - `BOOL` or an integer dtype
 * @param shape - default `[values.length]`
 * @throws {CheckpointError} `value-overflow` at the first value the dtype does not hold; `invalid-tensor` when the
 *   shape does not fit; `unsupported-conversion` for dtypes that are not integers
 */
export function fromIntegers(
  values: ArrayLike<number> | ArrayLike<bigint>,
  dtype: Dtype,
  shape: readonly number[] = [values.length],
): RawTensor {
  const where = 'fromIntegers';
  const range = ranges[dtype];
  if (!range) throw unsupported(where, 'an integer dtype or BOOL', dtype);
  if (elementCount(shape) !== values.length) {
    const expected = `${elementCount(shape)} values for shape [${shape.join(', ')}]`;
    throw new CheckpointError({ code: 'invalid-tensor', where, expected, received: `${values.length}` });
  }
  checkRange(values, range, dtype, where);
  const bytes = new Uint8Array(tensorByteLength(dtype, shape, where));
  const view = rawView({ dtype, shape, bytes })!;
  for (let i = 0; i < values.length; i++) {
    if (view instanceof BigInt64Array || view instanceof BigUint64Array) view[i] = BigInt(values[i]!);
    else view[i] = Number(values[i]);
  }
  return { dtype, shape, bytes };
}

function integers(
  raw: RawTensor,
  target: Dtype,
  where: string,
): ArrayLike<number | bigint> & Iterable<number | bigint> {
  checkRaw(raw, where);
  const own = ranges[raw.dtype];
  if (!own) throw unsupported(where, 'an integer dtype or BOOL', raw.dtype);
  const range = ranges[target]!;
  const values = rawView(raw) as NumberView | BigIntView;
  if (own[0] < range[0] || own[1] > range[1]) checkRange(values, range, target, where);
  return values;
}

function checkRange(
  values: ArrayLike<number | bigint>,
  [low, high]: readonly [bigint, bigint],
  dtype: Dtype,
  where: string,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const whole = typeof value === 'bigint' || Number.isInteger(value);
    if (whole && value >= low && value <= high) continue;
    throw valueError('value-overflow', where, `whole numbers from ${low} to ${high}, for ${dtype}`, value, i);
  }
}
