import { CheckpointError, type CheckpointErrorCode } from '../src/index.js';

/** A safetensors file by the letter of the format: length, JSON text as given, data. */
export function fileOf(header: string | object, data: Uint8Array | number = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + json.length + body.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(body, 8 + json.length);
  return file;
}

/** The header of a file, read in the plainest way, to check what our writer wrote. */
export function plainHeader(
  file: Uint8Array,
): Record<string, { dtype: string; shape: number[]; data_offsets: number[] }> {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
}

/** The refusal that `run` ends in; anything else fails the test. */
export async function refusal(run: () => unknown): Promise<CheckpointError> {
  try {
    await run();
  } catch (error) {
    if (CheckpointError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The code of the refusal that `run` ends in. */
export async function refusalCode(run: () => unknown): Promise<CheckpointErrorCode> {
  return (await refusal(run)).code;
}
