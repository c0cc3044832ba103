import type { CheckpointSource } from '@weightloom/checkpoint';
import { loadSafetensors } from '@weightloom/checkpoint/node';
import type { StateDict } from '../state-dict.js';
import { toTensors, type ToTensorsOptions } from '../to-tensors.js';

export interface LoadStateDictOptions extends ToTensorsOptions {
  readonly signal?: AbortSignal;
}

/**
 * Loads the weights of a checkpoint as tensors.
 *
 * @param source - a path of a safetensors file or model folder, or anything that `openCheckpoint` takes
 * @throws {CheckpointError} for files that are refused, and as `toTensors`
 */
export async function loadStateDict(
  source: CheckpointSource,
  options: LoadStateDictOptions = {},
): Promise<StateDict> {
  const { tensors } = await loadSafetensors(source, { signal: options.signal });
  return toTensors(tensors, options);
}
