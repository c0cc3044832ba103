import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import { type Dtype, dtypes, isDtype, tensorByteLength } from '../dtypes.js';
import type { Metadata } from '../raw-tensor.js';
import { PREFIX_BYTES } from './read-header.js';
import { compareUtf8, describe, isWellFormed, quote } from './text.js';

/** A tensor to be written. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
  /** Non-negative integers; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Needed only for a dtype this version does not know, which is passed through; otherwise it follows from the rest. */
  readonly byteLength?: number;
}

/** A tensor with the number of bytes it takes. */
export interface SizedSpec extends TensorSpec {
  readonly byteLength: number;
}

/** One file, laid out: the bytes before the data and where each tensor goes. */
export interface FilePlan {
  /** The 8 bytes of length and the header, padded with spaces to a multiple of 8. */
  readonly head: Uint8Array;
  /** In the order of the file; `begin` and `end` are byte offsets in the file. */
  readonly tensors: readonly (SizedSpec & { readonly begin: number; readonly end: number })[];
  readonly byteLength: number;
}

/** Lays out a file: widest dtype first, then by name, so that every tensor is aligned to its element size. */
export function planFile(specs: readonly SizedSpec[], metadata: Metadata): FilePlan {
  const sorted = [...specs].sort((a, b) => rank(b.dtype) - rank(a.dtype) || compareUtf8(a.name, b.name));
  let end = 0;
  const placed = sorted.map((spec) => ({ ...spec, begin: end, end: (end += spec.byteLength) }));

  // Written by hand because JavaScript objects reorder keys that look like integers.
  const parts = placed.map(
    ({ name, dtype, shape, begin, end }) =>
      `${JSON.stringify(name)}:{"dtype":${JSON.stringify(dtype)},"shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`,
  );
  if (Object.keys(metadata).length > 0) parts.unshift(`"__metadata__":${stringifyMetadata(metadata)}`);
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(PREFIX_BYTES + headerLength).fill(0x20, PREFIX_BYTES);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.set(json, PREFIX_BYTES);

  const tensors = placed.map((spec) => ({
    ...spec,
    begin: spec.begin + head.length,
    end: spec.end + head.length,
  }));
  return { head, tensors, byteLength: head.length + end };
}

/** A tensor of a dtype this version does not know goes last, where it can disturb no alignment. */
const rank = (dtype: Dtype) => dtypes.indexOf(dtype);

function stringifyMetadata(metadata: Metadata): string {
  const keys = Object.keys(metadata).sort(compareUtf8);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join(',')}}`;
}

/** Checks a tensor to be written and finds its size. */
export function checkSpec(spec: TensorSpec, where: string): SizedSpec {
  const { name, dtype, shape, byteLength: given } = spec;
  const refuse = (code: CheckpointErrorCode, expected: string, received: unknown): never => {
    throw new CheckpointError({ code, where, expected, received: describe(received) });
  };
  if (typeof name !== 'string' || !isWellFormed(name))
    refuse('invalid-name', 'a name that is valid Unicode', name);
  if (name === '__metadata__') refuse('invalid-name', 'a name other than __metadata__', name);
  const at = `${where}: tensor ${quote(name)}`;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new CheckpointError({
      code: 'invalid-tensor',
      where: at,
      expected: 'a shape of non-negative integers',
      received: describe(shape),
    });
  }
  if (!isDtype(dtype)) {
    if (given === undefined) refuse('unknown-dtype', 'a dtype of the safetensors format', dtype);
    return { name, dtype, shape, byteLength: given as number };
  }
  const byteLength = tensorByteLength(dtype, shape, at);
  if (given === undefined || given === byteLength) return { name, dtype, shape, byteLength };
  throw new CheckpointError({
    code: 'invalid-tensor',
    where: at,
    expected: `${byteLength} bytes for ${dtype} of shape [${shape.join(', ')}]`,
    received: String(given),
  });
}

/** Checks that metadata is string to string, and gives a copy. */
export function checkMetadata(metadata: Metadata, where: string): Metadata {
  const copy = Object.create(null) as Metadata;
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || !isWellFormed(key) || !isWellFormed(value)) {
      throw new CheckpointError({
        code: 'invalid-metadata',
        where: `${where}: metadata ${quote(key)}`,
        expected: 'text that is valid Unicode',
        received: describe(value),
      });
    }
    copy[key] = value;
  }
  return copy;
}
