import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import { type Dtype, isDtype, tensorByteLength } from '../dtypes.js';
import type { Metadata } from '../raw-tensor.js';
import { describe, isWellFormed, quote } from './text.js';

/** No framework has tensors of more dimensions. */
const MAX_RANK = 64;

/** Where a tensor lies: `begin` and `end` are byte offsets in the file. */
export interface HeaderEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface HeaderOptions {
  /**
   * Read tensors whose dtype this version does not know, sized by their offsets, so that they can be passed on
   * (default `false`: they are refused). Their `dtype` is the name in the file.
   */
  readonly allowUnknownDtypes?: boolean;
}

/** Reads and checks one tensor of the header. */
export function readEntry(
  value: unknown,
  dataStart: number,
  name: string,
  file: string,
  options: HeaderOptions,
): HeaderEntry {
  const where = `${file}: tensor ${quote(name)}`;
  const refuse = (code: CheckpointErrorCode, expected: string, received: unknown): never => {
    throw new CheckpointError({ code, where, expected, received: describe(received) });
  };
  if (!isWellFormed(name)) refuse('invalid-name', 'a name that is valid Unicode', 'a lone surrogate');
  if (!isObject(value))
    return refuse('invalid-tensor-entry', 'an object with dtype, shape and data_offsets', value);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') return refuse('invalid-tensor-entry', 'a dtype name', dtype);
  if (!Array.isArray(shape)) return refuse('invalid-tensor-entry', 'a shape that is an array', shape);
  if (!Array.isArray(offsets) || offsets.length !== 2) {
    return refuse('invalid-tensor-entry', 'data_offsets [begin, end]', offsets);
  }
  if (shape.length > MAX_RANK) refuse('rank-too-large', `at most ${MAX_RANK} dimensions`, shape.length);
  for (const number of [...shape, ...offsets] as unknown[]) {
    if (typeof number === 'bigint') refuse('integer-overflow', 'integers of at most 2^53 - 1', number);
    if (number instanceof InexactNumber) refuse('invalid-integer', 'unsigned integers', number.text);
    if (typeof number !== 'number')
      refuse('invalid-tensor-entry', 'numbers in shape and data_offsets', number);
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) refuse('invalid-offset', 'an end that is not before the begin', offsets);
  if (isDtype(dtype)) {
    const size = tensorByteLength(dtype, shape as number[], where);
    if (end - begin !== size) {
      refuse('size-mismatch', `${size} bytes for ${dtype} of shape [${shape.join(', ')}]`, end - begin);
    }
  } else if (options.allowUnknownDtypes !== true) {
    refuse('unknown-dtype', 'a dtype of the safetensors format', dtype);
  }
  return { dtype: dtype as Dtype, shape: shape as number[], begin: dataStart + begin, end: dataStart + end };
}

/** Reads and checks `__metadata__`. */
export function readMetadata(value: unknown, file: string): Metadata {
  const where = `${file}: __metadata__`;
  const metadata = Object.create(null) as Metadata;
  const refuse = (received: string): never => {
    throw new CheckpointError({
      code: 'invalid-metadata',
      where,
      expected: 'an object of strings',
      received,
    });
  };
  if (!isObject(value)) return refuse(describe(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return refuse(`${describe(text)} under ${quote(key)}`);
    if (!isWellFormed(key) || !isWellFormed(text)) return refuse(`a lone surrogate under ${quote(key)}`);
    metadata[key] = text;
  }
  return metadata;
}

/** A number that is not a plain unsigned integer: negative, fractional or with an exponent. */
class InexactNumber {
  constructor(readonly text: string) {}
}

/** A number of the header as it is: plain unsigned integers as numbers, or as bigints beyond 2^53 - 1. */
export function exactInteger(text: string): number | bigint | InexactNumber {
  if (!/^\d+$/.test(text)) return new InexactNumber(text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof InexactNumber)
  );
}
