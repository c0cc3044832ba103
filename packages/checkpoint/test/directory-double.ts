/**
 * A directory handle of the File System API, in memory, as far as the standard says how it behaves: a file made with
 * `create` is empty until the stream over it is closed, and an aborted stream changes nothing.
 */
export function directoryDouble(name: string, files = new Map<string, Uint8Array>(), failAfter = Infinity) {
  let written = 0;
  const fileHandle = (file: string) => ({
    kind: 'file' as const,
    name: file,
    getFile: async () => new File([files.get(file)! as Uint8Array<ArrayBuffer>], file),
    createWritable: async () => {
      let swap = new Uint8Array(0);
      return {
        async write({ position, data }: { position: number; data: Uint8Array }) {
          written += data.length;
          if (written > failAfter) throw new DOMException('disk full', 'QuotaExceededError');
          const grown = new Uint8Array(Math.max(swap.length, position + data.length));
          grown.set(swap);
          grown.set(data, position);
          swap = grown;
        },
        async close() {
          files.set(file, swap);
        },
        async abort() {},
      };
    },
  });
  const handle = {
    kind: 'directory' as const,
    name,
    async *entries() {
      for (const file of files.keys()) yield [file, fileHandle(file)] as const;
    },
    async *keys() {
      yield* files.keys();
    },
    async getFileHandle(file: string, { create = false } = {}) {
      if (!files.has(file) && !create) throw new DOMException('no such file', 'NotFoundError');
      if (!files.has(file)) files.set(file, new Uint8Array(0));
      return fileHandle(file);
    },
    async removeEntry(file: string) {
      files.delete(file);
    },
  };
  return { handle: handle as unknown as FileSystemDirectoryHandle, files };
}
