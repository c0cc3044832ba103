import type { ByteSource, FolderSource } from './byte-source.js';
import type { Checkpoint } from './checkpoint.js';
import { CheckpointError } from './checkpoint-error.js';
import { findWeights, isIndexName } from './internal/find-weights.js';
import { makeCheckpoint } from './internal/make-checkpoint.js';
import { type OpenFile, openFile } from './internal/open-file.js';
import type { HeaderOptions } from './internal/read-entry.js';
import { checkShards, readIndex } from './internal/read-index.js';
import { resolveSource } from './internal/resolve-source.js';

/**
 * What can be opened in a browser and in Node alike:
 * - bytes, a `Blob` or `File`, a `FileSystemFileHandle`, a {@link ByteSource}: one safetensors file;
 * - a `FileSystemDirectoryHandle`, a {@link FolderSource}: a folder with one file, or with shards and their index;
 * - an address (`https://…`) of a file, of an index, or of a folder (ending in `/`), read by range requests.
 *
 * Paths belong to `openCheckpoint` of `@weightloom/checkpoint/node`, models of the Hugging Face Hub to `hubSource` of
 * `@weightloom/checkpoint/hub`.
 */
export type CheckpointSource =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FileSystemFileHandle
  | FileSystemDirectoryHandle
  | ByteSource
  | FolderSource
  | URL
  | string;

export interface OpenCheckpointOptions extends HeaderOptions {
  /** In a folder: the name of the file or index to open. By default the usual names are looked for. */
  readonly file?: string;
  readonly signal?: AbortSignal;
}

/** Shards whose headers are asked for at the same time: keeps a slow connection busy and memory small. */
const PARALLEL_HEADERS = 8;

/**
 * Opens a checkpoint: reads and checks the header of every file, no weights.
 *
 * @throws {CheckpointError} with a `code` that names the fault; nothing stays open then
 */
export async function openCheckpoint(
  source: CheckpointSource,
  options: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const place = await resolveSource(source, options.signal);
  if ('file' in place) {
    const open = await openFile(place.name, place.file, options);
    return makeCheckpoint(place.file.label, [open], () => true, []);
  }
  const { folder } = place;
  const start = options.file ?? place.start ?? (await findWeights(folder, options.signal));
  if (!isIndexName(start)) {
    const open = await openIn(folder, start, options);
    return makeCheckpoint(open.source.label, [open], () => true, [], folder);
  }
  const index = await readIndex(folder, start, options.signal);
  const shards = await openShards(folder, index.files, options);
  try {
    const warnings = checkShards(index, shards, `${folder.label}/${start}`);
    return makeCheckpoint(folder.label, shards, (name) => index.weightMap.has(name), warnings, folder);
  } catch (error) {
    await closeAll(shards);
    throw error;
  }
}

async function openShards(
  folder: FolderSource,
  names: readonly string[],
  options: OpenCheckpointOptions,
): Promise<OpenFile[]> {
  const shards: OpenFile[] = [];
  for (let i = 0; i < names.length; i += PARALLEL_HEADERS) {
    const batch = names.slice(i, i + PARALLEL_HEADERS).map((name) => openIn(folder, name, options));
    const settled = await Promise.allSettled(batch);
    for (const result of settled) if (result.status === 'fulfilled') shards.push(result.value);
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) {
      await closeAll(shards);
      throw failed.reason;
    }
  }
  return shards;
}

async function openIn(folder: FolderSource, name: string, options: OpenCheckpointOptions): Promise<OpenFile> {
  const source = await folder.open(name, options.signal);
  if (source) return openFile(name, source, options);
  throw new CheckpointError({
    code: 'missing-file',
    where: `${folder.label}/${name}`,
    expected: 'a file',
    received: 'none',
  });
}

const closeAll = (files: readonly OpenFile[]) => Promise.all(files.map(({ source }) => source.close()));
