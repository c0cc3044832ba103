import type { Metadata, RawStateDict } from '@weightloom/checkpoint';
import { loadSafetensors, saveSafetensors } from '@weightloom/checkpoint/node';
import { fromTensors } from '../from-tensors.js';
import type { StateDict } from '../state-dict.js';

export interface SaveStateDictOptions {
  /**
   * A reference, as raw tensors or as the path of a checkpoint: each tensor is stored in the dtype it has there, and what
   * is only there is passed through unchanged.
   */
  readonly like?: RawStateDict | string | URL;
  /** Text beside the tensors (default `{ format: 'pt' }`, which Transformers insists on). */
  readonly metadata?: Metadata;
}

/**
 * Saves tensors as one safetensors file, which appears under its name only when complete.
 *
 * @throws {CheckpointError} for tensors that cannot be written as asked, naming them; no file is left then
 */
export async function saveStateDict(
  path: string,
  dict: StateDict,
  options: SaveStateDictOptions = {},
): Promise<void> {
  const { like, metadata } = options;
  const isPath = typeof like === 'string' || like instanceof URL;
  const reference = isPath ? (await loadSafetensors(like)).tensors : like;
  await saveSafetensors(path, await fromTensors(dict, { like: reference }), metadata);
}
