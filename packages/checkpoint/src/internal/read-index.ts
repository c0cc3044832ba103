import type { FolderSource } from '../byte-source.js';
import { plainFileName } from './plain-file-name.js';
import { readJson } from './read-json.js';
import { readWholeFile } from './read-whole-file.js';
import { describe, quote } from './text.js';
import type { OpenFile } from './open-file.js';
import { convertPickle } from './recognise-format.js';
import { refusal } from './refusal.js';

/** Index files of the largest public models are below 20 MB. */
const MAX_INDEX_BYTES = 100_000_000;

/** Shards of one model: the largest public ones have a few hundred. */
const MAX_SHARDS = 10_000;

/** What `*.safetensors.index.json` says. */
export interface ShardIndex {
  /** Tensor name → file name; every file name is plain. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** File names, sorted. */
  readonly files: readonly string[];
  /** Bytes of all tensors, where the index says so. */
  readonly totalSize: number | undefined;
}

/** Reads and checks an index, as far as that goes without its shards. */
export async function readIndex(
  folder: FolderSource,
  name: string,
  signal?: AbortSignal,
): Promise<ShardIndex> {
  const where = `${folder.label}/${name}`;
  const source = await folder.open(name, signal);
  if (!source) throw refusal('missing-file', where, 'an index file', 'none');
  return parseIndex(await readWholeFile(source, signal, MAX_INDEX_BYTES), where);
}

export function parseIndex(bytes: Uint8Array, where: string): ShardIndex {
  const json = readJson(bytes, { where, invalid: 'invalid-json' });
  const map = isObject(json) ? json.weight_map : undefined;
  if (!isObject(json) || !isObject(map)) {
    throw refusal(
      'invalid-index',
      where,
      'an object with a weight_map of tensor names to file names',
      describe(map ?? json),
    );
  }
  const weightMap = new Map<string, string>();
  const files = new Set<string>();
  for (const [tensor, file] of Object.entries(map)) {
    const at = `${where}: tensor ${quote(tensor)}`;
    if (typeof file !== 'string') throw refusal('invalid-index', at, 'a file name', describe(file));
    plainFileName(file, at);
    if (!file.endsWith('.safetensors')) {
      throw refusal('unsupported-format', at, 'a .safetensors file', quote(file), convertPickle(file));
    }
    weightMap.set(tensor, file);
    files.add(file);
  }
  if (files.size > MAX_SHARDS)
    throw refusal('invalid-index', where, `at most ${MAX_SHARDS} files`, String(files.size));
  const total = isObject(json.metadata) ? json.metadata.total_size : undefined;
  return { weightMap, files: [...files].sort(), totalSize: typeof total === 'number' ? total : undefined };
}

/** Checks that index and shards agree; gives warnings for what is only odd. */
export function checkShards(index: ShardIndex, shards: readonly OpenFile[], where: string): string[] {
  const holders = new Map<string, string>();
  const warnings: string[] = [];
  let total = 0;
  for (const { name: file, header } of shards) {
    for (const [tensor, { begin, end }] of header.entries) {
      const other = holders.get(tensor);
      if (other !== undefined) {
        throw refusal(
          'duplicate-tensor',
          `${where}: tensor ${quote(tensor)}`,
          'one file',
          `${other} and ${file}`,
        );
      }
      holders.set(tensor, file);
      total += end - begin;
      if (!index.weightMap.has(tensor))
        warnings.push(`${file}: tensor ${quote(tensor)} is not in the index and is left out`);
    }
  }
  for (const [tensor, file] of index.weightMap) {
    const holder = holders.get(tensor);
    if (holder === file) continue;
    const received = holder === undefined ? 'a file without it' : `it in ${holder}`;
    throw refusal('missing-tensor', `${where}: tensor ${quote(tensor)}`, `it in ${file}`, received);
  }
  if (index.totalSize !== undefined && index.totalSize !== total) {
    warnings.push(`${where}: total_size is ${index.totalSize}, the tensors take ${total} bytes`);
  }
  return warnings;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
