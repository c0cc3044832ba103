const MASK = 0xffffffffn;
const rotations = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n];

/** Threefry-2x32 with 20 rounds, after the published definition (Salmon et al. 2011), in big integers: words from 0 to 2^32 - 1. */
export function threefry(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const k = key.map((w) => BigInt(w) & MASK);
  const words = [k[0], k[1], 0x1bd11bdan ^ k[0] ^ k[1]];
  let [x, y] = counter.map((w) => BigInt(w) & MASK);
  const inject = (s: number): void => {
    x = (x + words[s % 3]) & MASK;
    y = (y + words[(s + 1) % 3] + BigInt(s)) & MASK;
  };
  inject(0);
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8];
    x = (x + y) & MASK;
    y = (((y << by) | (y >> (32n - by))) & MASK) ^ x;
    if (round % 4 === 3) inject((round + 1) / 4);
  }
  return [Number(x), Number(y)];
}

/** `n` words of the stream of a key. */
export const stream = (key: readonly [number, number], n: number): number[] =>
  Array.from({ length: Math.ceil(n / 2) }, (_, i) => threefry(key, [i, 0]))
    .flat()
    .slice(0, n);

/** `n` standard normal values of a stream, by Box and Muller. */
export function normals(key: readonly [number, number], n: number): number[] {
  const words = stream(key, n + (n % 2));
  return Array.from({ length: n }, (_, i) => {
    const [a, b] = [words[i - (i % 2)], words[i - (i % 2) + 1]];
    const radius = Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * b) / 2 ** 32;
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
}
