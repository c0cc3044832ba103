import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '@weightloom/checkpoint';
import { openCheckpoint } from '@weightloom/checkpoint/node';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { listNames } from '../internal/text.js';
import { readPeftAdapter } from '../peft/open-adapter.js';
import { expectLora, type PeftAdapter } from '../peft/peft-adapter.js';

const CONFIG = 'adapter_config.json';

export interface LoadAdapterOptions {
  readonly signal?: AbortSignal;
}

/**
 * Loads a LoRA adapter of PEFT.
 *
 * @param path - its folder, either of its two files, or `hf://owner/name`
 * @throws {AdapterError} for adapters that are refused, `CheckpointError` for files that cannot be read
 */
export async function loadAdapter(path: string, options: LoadAdapterOptions = {}): Promise<LoraAdapter> {
  return expectLora(await loadPeftAdapter(path, options), path);
}

/** As {@link loadAdapter}, for every method that can be merged: LoRA, LoHa, LoKr, (IA)³, MiSS and Bone. */
export async function loadPeftAdapter(path: string, options: LoadAdapterOptions = {}): Promise<PeftAdapter> {
  const { folder, file } = await locate(path);
  const checkpoint = await openCheckpoint(folder, { ...options, file });
  try {
    return await readPeftAdapter(checkpoint, options);
  } finally {
    await checkpoint.close();
  }
}

async function locate(path: string): Promise<{ folder: string; file?: string }> {
  if (/^hf:\/\//.test(path)) return { folder: path };
  const refuse = (expected: string, received: string, cure?: string): never => {
    throw new CheckpointError({ code: 'missing-file', where: path, expected, received, cure });
  };
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return refuse('the folder of an adapter', 'nothing of that name');
  if (!stats.isDirectory()) {
    if (/\.(bin|pt|pth|ckpt)$/.test(path)) {
      refuse(
        'adapter_model.safetensors',
        `the pickle ${basename(path)}`,
        'save it with save_pretrained(…, safe_serialization=True)',
      );
    }
    const isWeights = path.endsWith('.safetensors');
    return { folder: dirname(path), file: isWeights ? basename(path) : undefined };
  }
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  // A folder of the Hugging Face cache is resolved, and checked, when it is opened.
  if (names.includes(CONFIG) || names.includes('snapshots')) return { folder: path };
  const inside: string[] = [];
  for (const entry of entries.filter((entry) => entry.isDirectory())) {
    if (await stat(join(path, entry.name, CONFIG)).catch(() => undefined))
      inside.push(join(path, entry.name));
  }
  return refuse(
    CONFIG,
    inside.length > 0 ? `adapters in ${listNames(inside)}` : `${names.length} other files`,
    inside.length > 0 ? 'name one of these folders' : undefined,
  );
}
