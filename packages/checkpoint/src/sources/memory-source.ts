import type { ByteSource } from '../byte-source.js';
import { shortRead } from '../internal/read-stream.js';

/** Bytes in memory as a source; they are not copied until they are read. */
export function memorySource(bytes: Uint8Array | ArrayBuffer, label = 'bytes in memory'): ByteSource {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    label,
    size: view.length,
    async readInto(begin, target) {
      const part = view.subarray(begin, begin + target.length);
      if (part.length < target.length) throw shortRead(label, target.length, String(part.length));
      target.set(part);
    },
    async close() {},
  };
}
