import { CheckpointError } from './checkpoint-error.js';

/**
 * Bits per element of every dtype of the format, in the format's order.
 *
 * The order matters: a file lists its tensors by descending place in this table, then by name, so that each tensor
 * starts at a multiple of its element size.
 */
export const dtypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** A dtype by its safetensors name. */
export type Dtype = keyof typeof dtypeBits;

/** Every dtype name, in the format's order. */
export const dtypes = Object.keys(dtypeBits) as readonly Dtype[];

/** Whether `name` is a dtype of the format. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBits, name);
}

/**
 * Bytes a tensor takes: `product(shape) · bits / 8`; a scalar (`shape` `[]`) has one element.
 *
 * @param shape - non-negative integers
 * @param where - put in front of error messages
 * @throws {CheckpointError} `integer-overflow` when the number of bits is above 2^53 - 1, `misaligned-size` when
 *   elements narrower than a byte do not fill whole bytes
 */
export function tensorByteLength(dtype: Dtype, shape: readonly number[], where = 'tensor'): number {
  const bits = elementCount(shape, where) * dtypeBits[dtype];
  if (bits > Number.MAX_SAFE_INTEGER) throw overflow(shape, where);
  if (bits % 8 === 0) return bits / 8;
  throw new CheckpointError({
    code: 'misaligned-size',
    where,
    expected: 'elements that fill whole bytes',
    received: `${bits} bits for ${dtype} of shape [${shape.join(', ')}]`,
  });
}

/** Number of elements of `shape`, exact; a prefix whose product is above 2^53 - 1 is refused, as in the format. */
export function elementCount(shape: readonly number[], where = 'tensor'): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > Number.MAX_SAFE_INTEGER) throw overflow(shape, where);
  }
  return count;
}

function overflow(shape: readonly number[], where: string): CheckpointError {
  return new CheckpointError({
    code: 'integer-overflow',
    where,
    expected: 'a size of at most 2^53 - 1 bits',
    received: `shape [${shape.join(', ')}]`,
  });
}
