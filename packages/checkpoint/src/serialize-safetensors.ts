import { checkMetadata, checkSpec, planFile } from './internal/plan-file.js';
import { allocate } from './internal/allocate.js';
import type { Metadata, RawStateDict } from './raw-tensor.js';

/**
 * Writes a whole safetensors file into memory; the same tensors and metadata give the same bytes, whatever the order
 * of the keys.
 *
 * @param tensors - by name; a name may be anything but `__metadata__`
 * @param metadata - text beside the tensors; libraries of Hugging Face expect `{ format: 'pt' }`
 * @returns the bytes of the file
 * @throws {CheckpointError} `invalid-tensor` when bytes do not fit dtype and shape, `invalid-name`,
 *   `invalid-metadata`, `integer-overflow`, `misaligned-size`, `too-large`
 */
export function serializeSafetensors(tensors: RawStateDict, metadata: Metadata = {}): Uint8Array {
  const where = 'serializeSafetensors';
  const specs = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) =>
    checkSpec({ name, dtype, shape, byteLength: bytes.length }, where),
  );
  const plan = planFile(specs, checkMetadata(metadata, where));
  const file = allocate(plan.byteLength, where, 'write it with createCheckpointWriter');
  file.set(plan.head);
  for (const { name, begin } of plan.tensors) file.set(tensors[name]!.bytes, begin);
  return file;
}
