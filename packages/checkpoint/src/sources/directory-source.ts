import type { FolderSource } from '../byte-source.js';
import { plainFileName } from '../internal/plain-file-name.js';
import { blobSource } from './blob-source.js';

/** A `FileSystemDirectoryHandle` (from a directory picker or the origin-private file system) as a folder. */
export function directorySource(
  handle: FileSystemDirectoryHandle,
  label = handle.name || 'directory',
): FolderSource {
  return {
    label,
    async list() {
      const names: string[] = [];
      for await (const [name, entry] of handle.entries()) if (entry.kind === 'file') names.push(name);
      return names.sort();
    },
    async open(name) {
      plainFileName(name, label);
      try {
        return blobSource(await (await handle.getFileHandle(name)).getFile(), `${label}/${name}`);
      } catch (error) {
        if (error instanceof Error && error.name === 'NotFoundError') return undefined;
        throw error;
      }
    },
  };
}
