import type { Core } from './core.js';

/** Memory that is asked for again and again, by slot: it grows to the largest request and stays. */
export type Scratch = (slot: number, byteLength: number) => Uint8Array<ArrayBuffer>;

/**
 * Scratch memory, in a core as far as it has room.
 *
 * @param sizes - most bytes that each slot will be asked for
 */
export function createScratch(core?: Core, sizes: readonly number[] = []): Scratch {
  const places = sizes.map((size) => ({ at: core?.allocate(size), size }));
  const buffers: Uint8Array<ArrayBuffer>[] = [];
  return (slot, byteLength) => {
    const place = places[slot];
    if (core && place?.at !== undefined && byteLength <= place.size) {
      return new Uint8Array(core.buffer, place.at, byteLength);
    }
    const known = buffers[slot];
    if (known && known.length >= byteLength) return known.subarray(0, byteLength);
    return (buffers[slot] = new Uint8Array(byteLength));
  };
}
