import { CheckpointError } from './checkpoint-error.js';
import { type Dtype, elementCount, tensorByteLength } from './dtypes.js';
import {
  decodeTable,
  encodeAll,
  largestCode,
  type Minifloat,
  minifloats,
  overflowCode,
} from './internal/minifloat.js';
import { alignedView } from './internal/aligned.js';
import { checkInto, rawView, unsupported, valueError } from './internal/raw-values.js';
import type { RawTensor } from './raw-tensor.js';

export interface FromFloat32Options {
  /** Shape of the tensor (default `[values.length]`). */
  readonly shape?: readonly number[];
  /**
   * What a finite value above the largest of the dtype becomes:
   * - `'refuse'` (default): an error that names it;
   * - `'special'`: infinity, or NaN where the dtype has no infinity, as PyTorch does;
   * - `'saturate'`: the largest finite value with its sign.
   */
  readonly overflow?: 'refuse' | 'special' | 'saturate';
  /** Where to put the bytes: exactly as long as the tensor is. By default a new array. */
  readonly into?: Uint8Array;
}

/**
 * A tensor of any real dtype from float32 values, row-major.
 *
 * Floats are rounded to the nearest, ties to even; infinities and NaN stay, where the dtype has them. Integers and BOOL
 * take only values that they hold exactly: rounding them is the caller's decision. F8_E8M0 takes only NaN and powers of
 * two. C64 and the F6 kinds are refused.
 *
 * @param values - `product(shape)` numbers
 * @throws {CheckpointError} `value-overflow` for a finite value beyond the dtype's range, `lossy-conversion` for a value
 *   that an integer dtype does not hold, `invalid-tensor` when shape and length differ, `unsupported-conversion`
 */
export function fromFloat32(values: Float32Array, dtype: Dtype, options: FromFloat32Options = {}): RawTensor {
  const where = 'fromFloat32';
  const { shape = [values.length], overflow = 'refuse' } = options;
  if (elementCount(shape) !== values.length) {
    throw new CheckpointError({
      code: 'invalid-tensor',
      where,
      expected: `${elementCount(shape)} values for shape [${shape.join(', ')}]`,
      received: `${values.length}`,
    });
  }
  const size = tensorByteLength(dtype, shape, where);
  const bytes = options.into ? checkInto(options.into, size, where) : new Uint8Array(size);
  const format = minifloats[dtype];
  if (format) encodeMinifloats(values, bytes, format, dtype, overflow);
  else if (dtype === 'F8_E8M0') encodePowersOfTwo(values, bytes);
  else if (dtype === 'F32') bytes.set(new Uint8Array(values.buffer, values.byteOffset, size));
  else storeNumbers(values, bytes, dtype, where);
  return { dtype, shape, bytes };
}

function encodeMinifloats(
  values: Float32Array,
  bytes: Uint8Array,
  format: Minifloat,
  dtype: Dtype,
  overflow: 'refuse' | 'special' | 'saturate',
): void {
  const beyond = overflow === 'saturate' ? largestCode(format) : overflowCode(format);
  const onOverflow = (index: number): number => {
    if (overflow === 'refuse') throw tooLarge(values[index]!, index, format, dtype);
    return (values[index]! < 0 ? 1 << (format.bits - 1) : 0) | beyond;
  };
  if (format.special === 'finite') {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw valueError('value-overflow', 'fromFloat32', `finite values for ${dtype}`, values[bad]!, bad);
  }
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const fitsInPlace = format.bits === 8 || (format.bits === 16 && bytes.byteOffset % 2 === 0);
  if (fitsInPlace) {
    encodeAll(patterns, format.bits === 16 ? alignedView(Uint16Array, bytes) : bytes, format, onOverflow);
  } else {
    const codes = format.bits === 16 ? new Uint16Array(values.length) : new Uint8Array(values.length);
    encodeAll(patterns, codes, format, onOverflow);
    if (format.bits === 16) bytes.set(new Uint8Array(codes.buffer));
    else for (let i = 0; i < bytes.length; i++) bytes[i] = codes[2 * i]! | (codes[2 * i + 1]! << 4);
  }
}

function tooLarge(value: number, index: number, format: Minifloat, dtype: Dtype): CheckpointError {
  const largest = new Float32Array(decodeTable(format).slice(largestCode(format)).buffer)[0]!;
  return valueError(
    'value-overflow',
    'fromFloat32',
    `values up to ${largest}, the largest of ${dtype}`,
    value,
    index,
    "pass { overflow: 'saturate' } or { overflow: 'special' }, or choose a wider dtype",
  );
}

function encodePowersOfTwo(values: Float32Array, bytes: Uint8Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const exponent = Math.round(Math.log2(value));
    const inRange = exponent >= -127 && exponent <= 127;
    if (!Number.isNaN(value) && !(inRange && 2 ** exponent === value)) {
      throw valueError(
        'lossy-conversion',
        'fromFloat32',
        'powers of two from 2^-127 to 2^127, for F8_E8M0',
        value,
        i,
      );
    }
    bytes[i] = Number.isNaN(value) ? 255 : exponent + 127;
  }
}

/** F64, integers and BOOL: stored, then compared, so that nothing is changed unnoticed. */
function storeNumbers(values: Float32Array, bytes: Uint8Array, dtype: Dtype, where: string): void {
  const stored = rawView({ dtype, shape: [values.length], bytes: new Uint8Array(bytes.length) });
  if (!stored) throw unsupported(where, 'a real dtype whose elements can be told apart', dtype);
  const big = stored instanceof BigInt64Array || stored instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (big) stored[i] = BigInt(Number.isInteger(value) ? value : 0);
    else stored[i] = value;
    const kept = dtype === 'F64' || (Number(stored[i]) === value && (dtype !== 'BOOL' || value <= 1));
    if (!kept) throw valueError('lossy-conversion', where, `values that ${dtype} holds exactly`, value, i);
  }
  bytes.set(new Uint8Array(stored.buffer));
}
