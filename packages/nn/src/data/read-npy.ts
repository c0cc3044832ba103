import { unzipSync } from 'fflate';
import { reshape, type Tensor, transpose } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { numberCodes } from '../internal/number-codes.js';
import { bytesOf, readNumbers } from '../internal/read-numbers.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Reads a NumPy array: whole numbers and booleans as int32, floats as float32 (float64 is rounded). Both byte orders, both memory
 * orders, format versions 1 to 3.
 *
 * @throws {RangeError} for a damaged file, or a dtype that is no plain number (text, objects, complex)
 */
export async function readNpy(source: Uint8Array | ArrayBuffer | Blob): Promise<Tensor> {
  return parseNpy('readNpy', await bytesOf(source));
}

/**
 * Reads every array of an NPZ file, by name.
 *
 * @throws {RangeError} for a damaged archive, or an entry that {@link readNpy} refuses
 */
export async function readNpz(source: Uint8Array | ArrayBuffer | Blob): Promise<Record<string, Tensor>> {
  const bytes = await bytesOf(source);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (cause) {
    throw new RangeError('readNpz: expected a zip archive, received a damaged one', { cause });
  }
  const out = Object.create(null) as Record<string, Tensor>;
  for (const [name, file] of Object.entries(files)) {
    out[name.replace(/\.npy$/, '')] = parseNpy(`readNpz ("${name}")`, file);
  }
  return out;
}

function parseNpy(where: string, bytes: Uint8Array): Tensor {
  const version = bytes[6];
  if (MAGIC.some((byte, i) => bytes[i] !== byte) || !(version >= 1 && version <= 3)) {
    refuse(where, 'a file that begins with \\x93NUMPY, version 1 to 3', `[${bytes.slice(0, 8).join(', ')}]`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = version > 1;
  if (bytes.length < 12) refuse(where, 'a whole header', `a file of ${bytes.length} bytes`);
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) refuse(where, `a header of ${start} bytes`, `a file of ${bytes.length}`);
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, start));
  const field = (name: string, pattern: string): string =>
    new RegExp(`'${name}':\\s*${pattern}`).exec(header)?.[1] ??
    refuse(where, `a header with '${name}'`, header.trim());
  const descr = field('descr', "'([^']*)'");
  const fortran = field('fortran_order', '(True|False)') === 'True';
  const shape = field('shape', '\\(([^)]*)\\)')
    .split(',')
    .map((d) => d.trim())
    .filter(Boolean)
    .map(Number);
  const code = /^[<>|=][a-z]\d+$/.test(descr) ? numberCodes[descr.slice(1)] : undefined;
  if (!code) refuse(where, `a dtype of ${Object.keys(numberCodes).join(', ')}`, `'${descr}'`);
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    refuse(where, 'a shape of whole numbers', shape);
  const little = !descr.startsWith('>');
  if (!fortran) return readNumbers(where, bytes.subarray(start), code, shape, little);
  const reversed = readNumbers(where, bytes.subarray(start), code, shape.toReversed(), little);
  return shape.length < 2 ? reversed : reshape(transpose(reversed), shape);
}
