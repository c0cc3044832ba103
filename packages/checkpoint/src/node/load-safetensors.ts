import type { CheckpointSource } from '../open-checkpoint.js';
import type { RawCheckpoint } from '../raw-tensor.js';
import { openCheckpoint, type OpenCheckpointPathOptions } from './open-checkpoint.js';

/**
 * Loads a whole checkpoint: every tensor in a buffer of its own.
 *
 * @param source - a path, bytes, a `Blob`, or anything else that `openCheckpoint` takes
 * @throws {CheckpointError} with a `code` that names the fault
 */
export async function loadSafetensors(
  source: CheckpointSource,
  options: OpenCheckpointPathOptions = {},
): Promise<RawCheckpoint> {
  const checkpoint = await openCheckpoint(source, options);
  try {
    return await checkpoint.readAll({ signal: options.signal });
  } finally {
    await checkpoint.close();
  }
}
