import { CheckpointError, type Dtype, fromFloat32, type RawTensor, toFloat32 } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { quote } from './text.js';

/** The values of a stored tensor; NaN and infinities are refused, naming it. */
export function finiteValues(raw: RawTensor, where: string): Float32Array {
  const values = toFloat32(raw, { allowLoss: true });
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new AdapterError({ where, expected: 'finite values', received: `${values[i]} at element ${i}` });
  }
  return values;
}

/** A tensor of float32 values, in another dtype if asked for; values beyond its range are refused, naming the tensor. */
export function store(
  values: Float32Array,
  shape: readonly number[],
  where: string,
  dtype: Dtype = 'F32',
): RawTensor {
  try {
    return fromFloat32(values, dtype, { shape });
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    const { code, expected, received } = error;
    throw new CheckpointError({
      code,
      where,
      expected,
      received,
      cure: 'store the adapter as F32',
      cause: error,
    });
  }
}

/** `factor · x`, in the dtype of `x`. */
export function scaled(raw: RawTensor, factor: number, name: string): RawTensor {
  if (factor === 1) return raw;
  const values = finiteValues(raw, quote(name)).map((value) => value * factor);
  return store(values, raw.shape, quote(name), raw.dtype);
}

/** The transpose of a matrix, byte by byte, in any dtype of whole bytes. */
export function transposed({ dtype, shape, bytes }: RawTensor): RawTensor {
  const [rows, columns] = shape as [number, number];
  const size = bytes.length / (rows * columns);
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const from = (i * columns + j) * size;
      const to = (j * rows + i) * size;
      for (let k = 0; k < size; k++) out[to + k] = bytes[from + k]!;
    }
  }
  return { dtype, shape: [columns, rows], bytes: out };
}

export const reshaped = (raw: RawTensor, shape: readonly number[]): RawTensor => ({ ...raw, shape });
