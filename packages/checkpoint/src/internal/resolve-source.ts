import type { ByteSource, FolderSource } from '../byte-source.js';
import { CheckpointError } from '../checkpoint-error.js';
import type { CheckpointSource } from '../open-checkpoint.js';
import { blobSource } from '../sources/blob-source.js';
import { directorySource } from '../sources/directory-source.js';
import { httpFolderSource, httpSource } from '../sources/http-source.js';
import { memorySource } from '../sources/memory-source.js';
import { isIndexName } from './find-weights.js';
import { describe } from './text.js';

/** One file, or a folder with, where it is known, the file to start from. */
export type Place =
  | { readonly name: string; readonly file: ByteSource }
  | { readonly folder: FolderSource; readonly start?: string };

/** Finds out what kind of source was given. */
export async function resolveSource(source: CheckpointSource, signal?: AbortSignal): Promise<Place> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return aFile(memorySource(source));
  if (source instanceof Blob) return aFile(blobSource(source));
  if (source instanceof URL) return resolveUrl(source, signal);
  if (typeof source === 'string' && /^https?:\/\//i.test(source)) return resolveUrl(new URL(source), signal);
  if (typeof source === 'object' && source !== null) {
    if ('kind' in source && source.kind === 'file')
      return aFile(blobSource(await source.getFile(), source.name));
    if ('kind' in source) return { folder: directorySource(source as FileSystemDirectoryHandle) };
    if ('readInto' in source) return aFile(source);
    if ('open' in source) return { folder: source };
  }
  throw unsupported(describe(source));
}

async function resolveUrl(url: URL, signal?: AbortSignal): Promise<Place> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw unsupported(url.href);
  const name = lastSegment(url);
  if (name === '') return { folder: httpFolderSource(url, { signal }) };
  if (!isIndexName(name)) return { name, file: await httpSource(url, { signal }) };
  return { folder: httpFolderSource(new URL(`./${url.search}`, url), { signal }), start: name };
}

function lastSegment({ pathname }: URL): string {
  const segment = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const aFile = (file: ByteSource): Place => ({ name: file.label.replace(/^.*[/\\]/, ''), file });

function unsupported(received: string): CheckpointError {
  return new CheckpointError({
    code: 'unsupported-source',
    where: 'openCheckpoint',
    expected: 'bytes, a Blob or File, a file or directory handle, a source, or an http(s) address',
    received,
    cure: 'for a path use openCheckpoint of @weightloom/checkpoint/node, for the Hub hubSource of @weightloom/checkpoint/hub',
  });
}
