import { dtypeBits, type RawTensor } from '@weightloom/checkpoint';
import type { TensorSource } from './tensor-source.js';

/** A tensor that is in memory already. */
export function rawTensorSource({ dtype, shape, bytes }: RawTensor, label: string): TensorSource {
  const size = dtypeBits[dtype] / 8;
  return { label, dtype, shape, read: async (begin, end) => bytes.subarray(begin * size, end * size) };
}
