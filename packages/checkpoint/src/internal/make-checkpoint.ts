import type { FolderSource } from '../byte-source.js';
import type { Checkpoint, ProgressOptions, ReadOptions, TensorInfo } from '../checkpoint.js';
import type { Metadata, RawStateDict } from '../raw-tensor.js';
import { allocate } from './allocate.js';
import { isModelFile } from './model-files.js';
import type { OpenFile } from './open-file.js';
import { readWholeFile } from './read-whole-file.js';
import { quote } from './text.js';
import { refusal } from './refusal.js';

interface Place extends TensorInfo {
  readonly begin: number;
  readonly open: OpenFile;
}

/** Puts open files together: one name space over all of them. Names must already be known to be unique. */
export function makeCheckpoint(
  label: string,
  files: readonly OpenFile[],
  isListed: (name: string) => boolean,
  warnings: string[],
  folder?: FolderSource,
): Checkpoint {
  const places = new Map<string, Place>();
  for (const open of files) {
    for (const [name, { dtype, shape, begin, end }] of open.header.entries) {
      if (!isListed(name)) continue;
      places.set(name, { dtype, shape, byteLength: end - begin, file: open.name, begin, open });
    }
  }
  const metadata = mergeMetadata(files, warnings);
  let closed = false;

  const locate = (name: string): Place => {
    if (closed) throw refusal('closed', label, 'an open checkpoint', 'one that was closed');
    const place = places.get(name);
    if (place) return place;
    throw refusal('unknown-tensor', label, `one of its ${places.size} tensors`, quote(name));
  };
  const readInto: Checkpoint['readInto'] = async (name, [begin, end], target, options) => {
    const place = locate(name);
    const inside = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && end >= begin;
    if (!inside || end > place.byteLength || target.length < end - begin) {
      const expected = `a range inside 0 … ${place.byteLength} and a target that holds it`;
      const received = `${begin} … ${end} and a target of ${target.length} bytes`;
      throw refusal('invalid-range', `${label}: tensor ${quote(name)}`, expected, received);
    }
    if (end > begin) {
      await place.open.source.readInto(place.begin + begin, target.subarray(0, end - begin), options?.signal);
    }
  };
  const read: Checkpoint['read'] = async (name, options) => {
    const { dtype, shape, byteLength } = locate(name);
    const bytes = allocate(byteLength, `${label}: tensor ${quote(name)}`, 'read it in parts with readInto');
    await readInto(name, [0, byteLength], bytes, options);
    return { dtype, shape, bytes };
  };
  const readFile = async (name: string, options: ReadOptions = {}) => {
    const source = await folder?.open(name, options.signal);
    return source && readWholeFile(source, options.signal);
  };
  const close = async () => {
    closed = true;
    await Promise.all(files.map(({ source }) => source.close()));
  };

  return {
    label,
    tensors: new Map(
      [...places].map(([name, { dtype, shape, byteLength, file }]) => [
        name,
        { dtype, shape, byteLength, file },
      ]),
    ),
    names: [...places.keys()],
    metadata,
    tied: findTied(metadata, places),
    warnings,
    readInto,
    read,
    async readAll({ signal, onProgress }: ProgressOptions = {}) {
      const tensors = Object.create(null) as RawStateDict;
      const total = [...places.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
      let done = 0;
      for (const [name, { byteLength }] of places) {
        tensors[name] = await read(name, { signal });
        onProgress?.({ done: (done += byteLength), total, label: name });
      }
      return { tensors, metadata };
    },
    readFile,
    async readModelFiles(options) {
      const found = new Map<string, Uint8Array>();
      for (const name of (await folder?.list(options?.signal)) ?? []) {
        const bytes = isModelFile(name) ? await readFile(name, options) : undefined;
        if (bytes) found.set(name, bytes);
      }
      return found;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function mergeMetadata(files: readonly OpenFile[], warnings: string[]): Metadata {
  const merged = Object.create(null) as Metadata;
  for (const { name, header } of files) {
    for (const [key, value] of Object.entries(header.metadata)) {
      merged[key] ??= value;
      if (merged[key] !== value)
        warnings.push(`${name}: metadata ${quote(key)} differs from that of the files before it`);
    }
  }
  return merged;
}

/** The Python library notes a weight it left out because it shares memory with another as `left out → kept`. */
function findTied(metadata: Metadata, places: ReadonlyMap<string, Place>): Map<string, string> {
  const isTied = ([alias, kept]: [string, string]) =>
    alias !== 'format' && !places.has(alias) && places.has(kept);
  return new Map(Object.entries(metadata).filter(isTied));
}
