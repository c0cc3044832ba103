import { type Tensor, tensor } from '@weightloom/tensor-gpu';
import { refuse } from './checks.js';
import type { NumberCode } from './number-codes.js';

/**
 * Row-major numbers of a file as a tensor: whole ones int32, others float32 (float64 is rounded). Refuses another number of bytes than
 * the shape needs, and whole numbers beyond int32.
 */
export function readNumbers(
  where: string,
  bytes: Uint8Array,
  code: NumberCode,
  shape: readonly number[],
  little: boolean,
): Tensor {
  const count = shape.reduce((n, d) => n * d, 1);
  if (bytes.length !== count * code.size) {
    refuse(where, `${count * code.size} bytes for shape [${shape.join(', ')}]`, bytes.length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = code.whole ? new Int32Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = code.read(view, i * code.size, little);
    if (code.whole && value !== (value | 0))
      refuse(where, 'whole numbers within int32', `${value} at position ${i}`);
    out[i] = value;
  }
  return tensor(out, shape);
}

/** The bytes of what readers take. */
export async function bytesOf(source: Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  return source instanceof Uint8Array ? source : new Uint8Array(source);
}
