import { decodeTable, minifloats } from './internal/minifloat.js';
import { alignedView } from './internal/aligned.js';
import { checkInto, checkRaw, rawView, unsupported, valueError } from './internal/raw-values.js';
import type { RawTensor } from './raw-tensor.js';

export interface ToFloat32Options {
  /** Round values that float32 cannot hold (from F64, I32, U32, I64, U64); by default the first one is refused. */
  readonly allowLoss?: boolean;
  /** Where to put the values: exactly as long as the tensor has elements. By default a new array. */
  readonly into?: Float32Array;
}

/**
 * The elements of a tensor as float32, row-major.
 *
 * Exact for F32, F16, BF16, the F8 kinds, F4 (two per byte, the low half first) and small integers; BOOL gives 0 and 1.
 * NaN and infinities stay what they are. F64 and wide integers are refused at the first value that would be rounded,
 * unless `allowLoss`. C64 and the F6 kinds, whose packing the format leaves open, are refused.
 *
 * @returns a fresh array (or `into`) of `product(shape)` elements, never a view of the tensor's bytes
 * @throws {CheckpointError} `lossy-conversion`, `unsupported-conversion`, or `invalid-tensor` when bytes, dtype and
 *   shape do not fit together
 */
export function toFloat32(raw: RawTensor, options: ToFloat32Options = {}): Float32Array {
  const where = 'toFloat32';
  const count = checkRaw(raw, where);
  const out = options.into ? checkInto(options.into, count, where) : new Float32Array(count);
  const { dtype, bytes } = raw;
  const format = minifloats[dtype];
  if (dtype === 'BF16') decodeBfloat16(bytes, out);
  else if (format?.bits === 4) decodeHalfBytes(bytes, decodeTable(format), out);
  else if (format)
    lookUp(format.bits === 16 ? alignedView(Uint16Array, bytes) : bytes, decodeTable(format), out);
  else if (dtype === 'F8_E8M0') decodePowersOfTwo(bytes, out);
  else copyNumbers(raw, out, options.allowLoss === true, where);
  return out;
}

/** The same numbers as unsigned 32-bit patterns, so that NaN payloads survive. */
const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

function decodeBfloat16(bytes: Uint8Array, out: Float32Array): void {
  const codes = alignedView(Uint16Array, bytes);
  const bits = bitsOf(out);
  for (let i = 0; i < bits.length; i++) bits[i] = codes[i]! << 16;
}

function lookUp(codes: Uint8Array | Uint16Array, table: Uint32Array, out: Float32Array): void {
  const bits = bitsOf(out);
  for (let i = 0; i < bits.length; i++) bits[i] = table[codes[i]!]!;
}

function decodeHalfBytes(bytes: Uint8Array, table: Uint32Array, out: Float32Array): void {
  const bits = bitsOf(out);
  for (let i = 0; i < bits.length; i++) bits[i] = table[(bytes[i >> 1]! >> ((i & 1) * 4)) & 15]!;
}

/** F8_E8M0: `2^(code - 127)`, a scale without sign; 255 is NaN. */
function decodePowersOfTwo(bytes: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = bytes[i] === 255 ? NaN : 2 ** (bytes[i]! - 127);
}

function copyNumbers(raw: RawTensor, out: Float32Array, allowLoss: boolean, where: string): void {
  const values = rawView(raw);
  if (!values) throw unsupported(where, 'a real dtype whose elements can be told apart', raw.dtype);
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    for (let i = 0; i < out.length; i++) out[i] = Number(values[i]);
  } else {
    out.set(values);
  }
  if (allowLoss || !lossy.has(raw.dtype)) return;
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!;
    const kept = typeof value === 'bigint' ? exactBigInt(out[i]!) === value : Object.is(out[i]!, value);
    if (!kept) {
      const cure = 'pass { allowLoss: true } to round';
      throw valueError(
        'lossy-conversion',
        where,
        `${raw.dtype} values that float32 holds exactly`,
        value,
        i,
        cure,
      );
    }
  }
}

const lossy = new Set(['F64', 'I32', 'U32', 'I64', 'U64']);
const exactBigInt = (value: number) => (Number.isInteger(value) ? BigInt(value) : undefined);
