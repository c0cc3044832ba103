import type { HeaderOptions } from './internal/read-entry.js';
import { PREFIX_BYTES, readHeader, readHeaderLength } from './internal/read-header.js';
import type { RawCheckpoint, RawStateDict } from './raw-tensor.js';

export interface ParseSafetensorsOptions extends HeaderOptions {
  /** What to call the bytes in error messages (default `"safetensors"`). */
  readonly where?: string;
}

/**
 * Reads a whole safetensors file from memory.
 *
 * Every rule of the format is checked first: lengths, JSON without duplicate keys, dtypes, sizes that fit shapes, data
 * without holes, overlaps or remains.
 *
 * @param file - the bytes of the file; the tensors are views into them, not copies
 * @returns the tensors by name (null prototype) and the metadata
 * @throws {CheckpointError} with a `code` that names the fault
 */
export function parseSafetensors(
  file: Uint8Array | ArrayBuffer,
  options: ParseSafetensorsOptions = {},
): RawCheckpoint {
  const { where = 'safetensors' } = options;
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const headerLength = readHeaderLength(bytes.subarray(0, PREFIX_BYTES), bytes.length, where);
  const json = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength);
  const { metadata, entries } = readHeader(json, bytes.length, where, options);
  const tensors = Object.create(null) as RawStateDict;
  for (const [name, { dtype, shape, begin, end }] of entries) {
    tensors[name] = { dtype, shape, bytes: bytes.subarray(begin, end) };
  }
  return { tensors, metadata };
}
