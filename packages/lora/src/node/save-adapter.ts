import { createCheckpointWriter } from '@weightloom/checkpoint';
import { folderTarget } from '@weightloom/checkpoint/node';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { adapterTensors } from '../format/serialize-lora-adapter.js';
import { serializeLoraConfig } from '../format/serialize-lora-config.js';

export interface SaveAdapterOptions {
  /** Replace an adapter that is already there (default `false`: refuse). */
  readonly overwrite?: boolean;
  /** Files to put beside, such as a `README.md`. */
  readonly files?: Iterable<readonly [name: string, content: Uint8Array | string]>;
}

/**
 * Saves an adapter as a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`, which appear when both are complete.
 *
 * @throws {CheckpointError} `already-exists`, `no-space`, and for tensors that cannot be written; nothing is left then
 */
export async function saveAdapter(
  adapter: LoraAdapter,
  path: string,
  options: SaveAdapterOptions = {},
): Promise<void> {
  const tensors = Object.entries(adapterTensors(adapter));
  const writer = await createCheckpointWriter({
    target: folderTarget(path, { overwrite: options.overwrite }),
    tensors: tensors.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata: { format: 'pt' },
    baseName: 'adapter_model',
    files: [['adapter_config.json', serializeLoraConfig(adapter.config)], ...(options.files ?? [])],
  });
  try {
    for (const [name, tensor] of tensors) await writer.write(name, tensor);
    await writer.close();
  } finally {
    await writer.abort();
  }
}
