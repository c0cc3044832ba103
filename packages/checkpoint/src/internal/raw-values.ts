import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import { type Dtype, elementCount, isDtype, tensorByteLength } from '../dtypes.js';
import type { RawTensor } from '../raw-tensor.js';
import { alignedView } from './aligned.js';
import { quote } from './text.js';

export type NumberView =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
export type BigIntView = BigInt64Array | BigUint64Array;

/** The elements of a dtype that JavaScript has an array for (BOOL as bytes); `undefined` for the others. */
export function rawView({ dtype, bytes }: RawTensor): NumberView | BigIntView | undefined {
  switch (dtype) {
    case 'BOOL':
    case 'U8':
      return bytes;
    case 'I8':
      return alignedView(Int8Array, bytes);
    case 'I16':
      return alignedView(Int16Array, bytes);
    case 'U16':
      return alignedView(Uint16Array, bytes);
    case 'I32':
      return alignedView(Int32Array, bytes);
    case 'U32':
      return alignedView(Uint32Array, bytes);
    case 'F32':
      return alignedView(Float32Array, bytes);
    case 'F64':
      return alignedView(Float64Array, bytes);
    case 'I64':
      return alignedView(BigInt64Array, bytes);
    case 'U64':
      return alignedView(BigUint64Array, bytes);
    default:
      return undefined;
  }
}

/** Guards a conversion: the bytes must be as many as dtype and shape say, booleans 0 or 1. */
export function checkRaw(raw: RawTensor, where: string): number {
  const { dtype, shape, bytes } = raw;
  const size = isDtype(dtype) ? tensorByteLength(dtype, shape, where) : undefined;
  if (size !== bytes.length) {
    throw new CheckpointError({
      code: 'invalid-tensor',
      where,
      expected:
        size === undefined ? 'a dtype of the format' : `${size} bytes for ${dtype} [${shape.join(', ')}]`,
      received: size === undefined ? quote(dtype) : `${bytes.length} bytes`,
    });
  }
  if (dtype === 'BOOL') {
    const bad = bytes.findIndex((byte) => byte > 1);
    if (bad >= 0) throw valueError('invalid-tensor', where, 'BOOL bytes that are 0 or 1', bytes[bad]!, bad);
  }
  return elementCount(shape);
}

export function unsupported(where: string, expected: string, dtype: Dtype): CheckpointError {
  return new CheckpointError({ code: 'unsupported-conversion', where, expected, received: dtype });
}

export function valueError(
  code: CheckpointErrorCode,
  where: string,
  expected: string,
  value: number | bigint,
  index: number,
  cure?: string,
): CheckpointError {
  return new CheckpointError({ code, where, expected, received: `${value} at element ${index}`, cure });
}

/** `given` when it has room for exactly `length` elements. */
export function checkInto<T extends { readonly length: number }>(given: T, length: number, where: string): T {
  if (given.length === length) return given;
  throw new CheckpointError({
    code: 'invalid-range',
    where,
    expected: `\`into\` of length ${length}`,
    received: `length ${given.length}`,
  });
}
