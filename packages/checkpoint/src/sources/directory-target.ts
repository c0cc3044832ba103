import type { CheckpointTarget } from '../checkpoint-target.js';
import { checkFree } from '../internal/check-free.js';

export interface DirectoryTargetOptions {
  /** Replace a checkpoint that is already there (default `false`: refuse). */
  readonly overwrite?: boolean;
}

/**
 * Writes into a `FileSystemDirectoryHandle`.
 *
 * The browser writes each file aside and swaps it in when it is complete, which happens for all of them at the end.
 * Until then an empty file stands under the name of a new one; it is removed when writing fails. Browsers have no way
 * to ask for the free space of a folder: a disk that fills up fails the write.
 */
export function directoryTarget(
  directory: FileSystemDirectoryHandle,
  options: DirectoryTargetOptions = {},
  label = directory.name || 'directory',
): CheckpointTarget {
  const streams = new Map<string, FileSystemWritableFileStream>();
  const created: string[] = [];
  let stale: string[] = [];
  return {
    label,
    async begin(files) {
      const present: string[] = [];
      for await (const name of directory.keys()) present.push(name);
      stale = checkFree(files, present, label, options.overwrite === true);
      for (const { name } of files) {
        const handle = await directory.getFileHandle(name, { create: true });
        if (!present.includes(name)) created.push(name);
        streams.set(name, await handle.createWritable());
      }
    },
    async writeAt(file, position, bytes) {
      const data = bytes as Uint8Array<ArrayBuffer>;
      await streams.get(file)!.write({ type: 'write', position, data });
    },
    async commit() {
      for (const stream of streams.values()) await stream.close();
      streams.clear();
      created.length = 0;
      for (const name of stale) await directory.removeEntry(name);
    },
    async abort() {
      for (const stream of streams.values()) await stream.abort().catch(() => undefined);
      for (const name of created) await directory.removeEntry(name).catch(() => undefined);
      streams.clear();
      created.length = 0;
    },
  };
}
