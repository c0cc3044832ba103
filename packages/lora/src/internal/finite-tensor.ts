import type { Tensor } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';

/** The values of a float32 tensor; NaN and infinities are refused. */
export function finiteTensor(t: Tensor, where: string): Float32Array {
  const values = t.dataSync() as Float32Array;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  throw new AdapterError({ where, expected: 'finite values', received: `${values[bad]} at element ${bad}` });
}
