import type { ChunkedMethod, ChunkedTensor } from '../chunked-method.js';

/**
 * Elements in a block of granularity `'element'`, and the least a block of rows aims at: 64 KiB of float32 per input, so
 * that a handful of inputs stay in the second-level cache.
 */
export const BLOCK_LENGTH = 2 ** 14;

/** How many elements the blocks of a tensor have; the last one may have fewer. 0 for an empty tensor. */
export function blockLength(granularity: ChunkedMethod['granularity'], tensor: ChunkedTensor): number {
  const { shape, size } = tensor;
  if (granularity === 'tensor' || size === 0) return size;
  if (granularity === 'element') return Math.min(BLOCK_LENGTH, size);
  const rowLength = shape.length < 2 ? size : size / shape[0]!;
  return Math.min(size, rowLength * Math.max(1, Math.floor(BLOCK_LENGTH / rowLength)));
}
