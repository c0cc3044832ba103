import { open, stat } from 'node:fs/promises';
import type { ByteSource } from '../byte-source.js';
import { CheckpointError } from '../checkpoint-error.js';
import { shortRead } from '../internal/read-stream.js';

/** Most that is read with one call: the system refuses 2 GiB and more. */
const MAX_READ = 2 ** 30;

/**
 * A file on disk as a source. It stays open until `close`, so a file replaced meanwhile is still read to its end.
 *
 * @throws {CheckpointError} `missing-file` when there is none, `unsupported-source` when it is not a file
 */
export async function fileSource(path: string, label = path): Promise<ByteSource> {
  // Asked before opening, for opening a pipe waits for somebody to write into it.
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause;
    throw new CheckpointError({
      code: 'missing-file',
      where: label,
      expected: 'a file',
      received: 'none',
      cause,
    });
  });
  if (!stats.isFile()) {
    const expected = 'a regular file';
    throw new CheckpointError({
      code: 'unsupported-source',
      where: label,
      expected,
      received: 'something else',
    });
  }
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  let closed: Promise<void> | undefined;
  return {
    label,
    size,
    async readInto(begin, target, signal) {
      for (let filled = 0; filled < target.length;) {
        signal?.throwIfAborted();
        const length = Math.min(target.length - filled, MAX_READ);
        const { bytesRead } = await handle.read(target, filled, length, begin + filled);
        if (bytesRead === 0) throw shortRead(label, target.length, String(filled));
        filled += bytesRead;
      }
    },
    close: () => (closed ??= handle.close()),
  };
}
