import { DTypeError } from '../errors.js';

/** `float32` computes; `int32` and `bool` index and mask; the rest is storage: loaded and stored, computed in float32. */
export type DType = 'float32' | 'int32' | 'bool' | 'bfloat16' | 'float16' | 'int8';

/**
 * What a tensor of each dtype is on the host. `bool` is 0 or 1 in an Int32Array inside the engine and a Uint8Array at the
 * border; bfloat16 and float16 are their raw 16-bit codes.
 */
export type HostArray = Float32Array | Int32Array | Uint16Array | Int8Array;

const sizes: Record<DType, number> = { float32: 4, int32: 4, bool: 4, bfloat16: 2, float16: 2, int8: 1 };

/** Bytes one element takes inside a backend. */
export const bytesPerElement = (dtype: DType): number => sizes[dtype];

/** A zeroed host array in the engine's own representation of `dtype`. */
export function hostArray(dtype: DType, length: number): HostArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'int32':
    case 'bool':
      return new Int32Array(length);
    case 'bfloat16':
    case 'float16':
      return new Uint16Array(length);
    case 'int8':
      return new Int8Array(length);
  }
}

export const isFloat = (dtype: DType): boolean =>
  dtype === 'float32' || dtype === 'bfloat16' || dtype === 'float16';

/** The dtype a stored tensor computes in: float32 for the storage-only dtypes, else itself. */
export const computeDType = (dtype: DType): 'float32' | 'int32' | 'bool' =>
  dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';

/** Result dtype of mixing two operands, as NumPy would within bool < int32 < float32. */
export function promote(a: DType, b: DType): 'float32' | 'int32' | 'bool' {
  const [x, y] = [computeDType(a), computeDType(b)];
  if (x === 'float32' || y === 'float32') return 'float32';
  return x === 'int32' || y === 'int32' ? 'int32' : 'bool';
}

const dtypes: readonly string[] = Object.keys(sizes);

/** Refuses anything but a dtype's name. */
export function checkDType(where: string, dtype: string): asserts dtype is DType {
  if (!dtypes.includes(dtype)) {
    throw new DTypeError({ where, expected: `a dtype of ${dtypes.join(', ')}`, received: String(dtype) });
  }
}
