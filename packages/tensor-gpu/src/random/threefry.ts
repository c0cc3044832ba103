const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): two words in, two words out. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0 | 0, k1 | 0, (0x1bd11bda ^ k0 ^ k1) | 0];
  let x = (c0 + keys[0]) | 0;
  let y = (c1 + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const by = ROTATIONS[round % 8];
    x = (x + y) | 0;
    y = ((y << by) | (y >>> (32 - by))) ^ x;
    if (round % 4 === 3) {
      const s = (round + 1) / 4;
      x = (x + keys[s % 3]) | 0;
      y = (y + keys[(s + 1) % 3] + s) | 0;
    }
  }
  return [x, y];
}
