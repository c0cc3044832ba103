import type { ByteSource } from '../byte-source.js';
import { readStream } from '../internal/read-stream.js';

/** A `Blob` or `File` as a source: read by slices, never as a whole. */
export function blobSource(blob: Blob, label = 'name' in blob ? String(blob.name) : 'blob'): ByteSource {
  return {
    label,
    size: blob.size,
    async readInto(begin, target, signal) {
      signal?.throwIfAborted();
      if (target.length > 0)
        await readStream(blob.slice(begin, begin + target.length).stream(), target, label);
    },
    async close() {},
  };
}
