import { gunzipSync } from 'fflate';
import type { Tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { numberCodes } from '../internal/number-codes.js';
import { bytesOf, readNumbers } from '../internal/read-numbers.js';

const types: Readonly<Record<number, string>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };

/**
 * Reads an IDX file (MNIST's format), also a gzipped one: bytes and integers as int32, floats as float32 (float64 is rounded).
 *
 * @throws {RangeError} for a wrong magic number, an unknown type, or another length than the header says
 */
export async function readIdx(source: Uint8Array | ArrayBuffer | Blob): Promise<Tensor> {
  const packed = await bytesOf(source);
  const bytes = packed[0] === 0x1f && packed[1] === 0x8b ? gunzip(packed) : packed;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    refuse('readIdx', 'a file that begins with two zero bytes', `[${bytes.slice(0, 4).join(', ')}]`);
  }
  const code = numberCodes[types[bytes[2]]];
  if (!code) refuse('readIdx', `a type of ${Object.keys(types).join(', ')}`, bytes[2]);
  const start = 4 + 4 * bytes[3];
  if (bytes.length < start) refuse('readIdx', `a header of ${start} bytes`, `a file of ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: bytes[3] }, (_, i) => view.getUint32(4 + 4 * i));
  return readNumbers('readIdx', bytes.subarray(start), code, shape, false);
}

function gunzip(packed: Uint8Array): Uint8Array {
  try {
    return gunzipSync(packed);
  } catch (cause) {
    throw new RangeError('readIdx: expected a whole gzip stream, received a damaged one', { cause });
  }
}
