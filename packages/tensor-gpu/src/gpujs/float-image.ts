import { type DType, hostArray, type HostArray } from '../tensor/dtype.js';

/** The value of a bfloat16 or float16 code. */
function decode(dtype: 'bfloat16' | 'float16', code: number): number {
  if (dtype === 'bfloat16') return new Float32Array(Int32Array.of(code << 16).buffer)[0];
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const mantissa = code & 0x3ff;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent ? sign * (1 + mantissa / 1024) * 2 ** (exponent - 15) : sign * mantissa * 2 ** -24;
}

/** Values as kernels take them: float32. `raw` leaves 16-bit codes as whole numbers, for steps that only move them. */
export function toFloats(values: HostArray, dtype: DType, raw: boolean): Float32Array {
  if (values instanceof Float32Array) return values;
  if (raw || (dtype !== 'bfloat16' && dtype !== 'float16')) return Float32Array.from(values);
  return Float32Array.from(values, (code) => decode(dtype, code));
}

const saturate = (v: number): number => (v >= 2 ** 31 ? 2 ** 31 - 1 : v <= -(2 ** 31) ? -(2 ** 31) : v);

/** What kernels computed, as the engine holds it. */
export function fromFloats(values: Float32Array, dtype: DType): HostArray {
  if (dtype === 'float32') return values;
  const out = hostArray(dtype, values.length);
  for (let i = 0; i < values.length; i++) out[i] = dtype === 'int32' ? saturate(values[i]) : values[i];
  return out;
}
