import { createCheckpointWriter } from '../create-checkpoint-writer.js';
import type { Metadata, RawStateDict } from '../raw-tensor.js';
import { fileTarget, type FileTargetOptions } from './file-target.js';

/**
 * Saves tensors as one safetensors file; it appears under its name only when complete.
 *
 * @param metadata - text beside the tensors (default `{ format: 'pt' }`, which Transformers insists on)
 * @throws {CheckpointError} for tensors that cannot be written, `no-space`, `already-exists`; no file is left then
 */
export async function saveSafetensors(
  path: string,
  tensors: RawStateDict,
  metadata?: Metadata,
  options?: FileTargetOptions,
): Promise<void> {
  const specs = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    return { name, dtype, shape, byteLength: bytes.length };
  });
  const writer = await createCheckpointWriter({
    target: fileTarget(path, options),
    tensors: specs,
    metadata,
  });
  try {
    for (const [name, tensor] of Object.entries(tensors)) await writer.write(name, tensor);
    await writer.close();
  } finally {
    await writer.abort();
  }
}
