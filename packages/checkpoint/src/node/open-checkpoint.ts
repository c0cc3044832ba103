import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '../checkpoint.js';
import { CheckpointError } from '../checkpoint-error.js';
import { isIndexName } from '../internal/find-weights.js';
import {
  type CheckpointSource,
  openCheckpoint as openAnywhere,
  type OpenCheckpointOptions,
} from '../open-checkpoint.js';
import { hubSource } from '../sources/hub-source.js';
import { fileSource } from './file-source.js';
import { folderSource, type FolderSourceOptions } from './folder-source.js';

export interface OpenCheckpointPathOptions extends OpenCheckpointOptions, FolderSourceOptions {}

/**
 * Opens a checkpoint, from whatever `openCheckpoint` of `@weightloom/checkpoint` takes, or
 * - from a path (or `file:` URL) of a safetensors file, of an index, of a folder, or of a model in the Hugging Face cache;
 * - from the Hugging Face Hub: `hf://owner/name` or `hf://owner/name@revision`.
 *
 * @throws {CheckpointError} with a `code` that names the fault; nothing stays open then
 */
export async function openCheckpoint(
  source: CheckpointSource,
  options: OpenCheckpointPathOptions = {},
): Promise<Checkpoint> {
  const repository = typeof source === 'string' ? /^hf:\/\/([^@]*)(?:@(.+))?$/.exec(source) : null;
  if (repository) {
    const { signal } = options;
    return openAnywhere(await hubSource(repository[1]!, { revision: repository[2], signal }), options);
  }
  const path = asPath(source);
  if (path === undefined) return openAnywhere(source, options);
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) return openAnywhere(await folderSource(path, options), options);
  if (stats && isIndexName(path)) {
    return openAnywhere(await folderSource(dirname(path), options), { ...options, file: basename(path) });
  }
  if (stats) return openAnywhere(await fileSource(path), options);
  const isHubId = /^[\w.-]+\/[\w.-]+$/.test(path);
  throw new CheckpointError({
    code: 'missing-file',
    where: path,
    expected: 'a file or folder',
    received: 'nothing of that name',
    cure: isHubId ? `for the model on the Hugging Face Hub, write hf://${path}` : undefined,
  });
}

function asPath(source: CheckpointSource): string | undefined {
  if (source instanceof URL) return source.protocol === 'file:' ? fileURLToPath(source) : undefined;
  if (typeof source !== 'string' || /^https?:\/\//i.test(source)) return undefined;
  return source.startsWith('file:') ? fileURLToPath(source) : source;
}
