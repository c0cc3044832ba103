/** Memory that is asked for again and again, by slot: it grows to the largest request and stays. */
export type Scratch = (slot: number, byteLength: number) => Uint8Array<ArrayBuffer>;

export function createScratch(): Scratch {
  const buffers: Uint8Array<ArrayBuffer>[] = [];
  return (slot, byteLength) => {
    const known = buffers[slot];
    if (known && known.length >= byteLength) return known.subarray(0, byteLength);
    return (buffers[slot] = new Uint8Array(byteLength));
  };
}
