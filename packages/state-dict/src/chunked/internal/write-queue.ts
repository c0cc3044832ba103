import type { ChunkedSink } from '../chunked-task.js';
import type { Scratch } from './scratch.js';

/** Writes one piece while the next is computed. */
export interface WriteQueue {
  /** Has `fill` put `byteLength` bytes into memory nobody reads, and sends them on their way. */
  write(name: string, byteLength: number, fill: (bytes: Uint8Array) => void): Promise<void>;
  /** Waits for the last piece. */
  flush(): Promise<void>;
}

/** @param scratch - memory for two pieces, slots 0 and 1 */
export function createWriteQueue(sink: ChunkedSink, scratch: Scratch): WriteQueue {
  let slot = 0;
  let pending: Promise<void> = Promise.resolve();
  return {
    async write(name, byteLength, fill) {
      slot = 1 - slot;
      const bytes = scratch(slot, byteLength);
      fill(bytes);
      await pending;
      pending = sink.write(name, bytes);
      // A failure is thrown by the next `write` or by `flush`; until then it must not count as unheard.
      pending.catch(() => undefined);
    },
    async flush() {
      await pending;
    },
  };
}
