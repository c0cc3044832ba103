import {
  type Checkpoint,
  CheckpointError,
  type CheckpointSource,
  openCheckpoint,
} from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { expectLora, type PeftAdapter, parsePeftAdapter } from './peft-adapter.js';

const CONFIG = 'adapter_config.json';

/**
 * Reads a LoRA adapter from a folder: a directory handle, an address ending in `/`, or any other folder `openCheckpoint` takes.
 * Paths belong to `loadAdapter` of `@weightloom/lora/node`; two files in memory to `parseLoraAdapter`.
 *
 * @throws {CheckpointError} for files that cannot be read, {@link AdapterError} for adapters that are refused
 */
export async function openAdapter(
  source: CheckpointSource,
  options: { signal?: AbortSignal } = {},
): Promise<LoraAdapter> {
  return expectLora(await openPeftAdapter(source, options), 'openAdapter');
}

/** As {@link openAdapter}, for every method that can be merged. */
export async function openPeftAdapter(
  source: CheckpointSource,
  options: { signal?: AbortSignal } = {},
): Promise<PeftAdapter> {
  const checkpoint = await openCheckpoint(source, options);
  try {
    return await readPeftAdapter(checkpoint, options);
  } finally {
    await checkpoint.close();
  }
}

/** The adapter in an open folder. */
export async function readPeftAdapter(
  checkpoint: Checkpoint,
  options: { signal?: AbortSignal },
): Promise<PeftAdapter> {
  const bytes = await checkpoint.readFile(CONFIG, options);
  if (!bytes) {
    throw new CheckpointError({
      code: 'missing-file',
      where: `${checkpoint.label}/${CONFIG}`,
      expected: 'the configuration of an adapter',
      received: 'none',
    });
  }
  const { tensors } = await checkpoint.readAll(options);
  return parsePeftAdapter({ config: decode(bytes, checkpoint.label), tensors, where: checkpoint.label });
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AdapterError({
      where: `${where}/${CONFIG}`,
      expected: 'UTF-8 text',
      received: 'other bytes',
      cause,
    });
  }
}
