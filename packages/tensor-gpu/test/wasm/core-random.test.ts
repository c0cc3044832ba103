import { describe, expect, it } from 'vitest';
import { Bench } from './core-harness.js';

const bench = new Bench(8);

/** Rows "threefry2x32 20" of the file kat_vectors published with Random123 1.14.0: counter, key, result. */
const published = [
  { c: [0, 0], k: [0, 0], r: [0x6b200159, 0x99ba4efe] },
  { c: [0xffffffff, 0xffffffff], k: [0xffffffff, 0xffffffff], r: [0x1cb996fc, 0xbb002be7] },
  { c: [0x243f6a88, 0x85a308d3], k: [0x13198a2e, 0x03707344], r: [0xc4923a9c, 0x483df7a0] },
] as const;

describe('threefry', () => {
  it.each(published)('gives the published result for counter $c and key $k', ({ c, k, r }) => {
    bench.reset();
    const out = bench.alloc(8);
    bench.core.threefryHash(k[0], k[1], c[0], c[1], out);
    expect([...bench.read(Uint32Array, out, 2)]).toEqual([...r]);
    expect(bench.damaged()).toEqual([]);
  });

  it('draws pairs that equal one hash per counter, whatever the start and the length', () => {
    for (const start of [0, 1, 7, 0xfffffffe]) {
      for (const n of [0, 1, 3, 4, 5, 8, 11]) {
        bench.reset();
        const out = bench.alloc(n * 8);
        const one = bench.alloc(8);
        bench.core.threefry2x32(0x13198a2e, 0x83707344, start, n, out);
        for (let i = 0; i < n; i++) {
          bench.core.threefryHash(0x13198a2e, 0x83707344, (start + i) >>> 0, 0, one);
          const pair = bench.read(Uint32Array, out + i * 8, 2);
          expect([...pair]).toEqual([...bench.read(Uint32Array, one, 2)]);
        }
        expect(bench.damaged()).toEqual([]);
      }
    }
  });
});

/** `n` words of the generator, and where they lie. */
function draw(n: number): { at: number; words: Uint32Array } {
  const pairs = (n + 1) >> 1;
  const at = bench.alloc(pairs * 8);
  bench.core.threefry2x32(1, 2, 0, pairs, at);
  return { at, words: bench.read(Uint32Array, at, pairs * 2) };
}

describe('bitsToUniform', () => {
  it('maps the upper 24 bits onto [0, 1) exactly', () => {
    for (const n of [0, 1, 2, 3, 4, 5, 103]) {
      bench.reset();
      const { at, words } = draw(n);
      const out = bench.alloc(n * 4);
      bench.core.bitsToUniform(n, at, out, 0, 1);
      expect(bench.f32(out, n)).toEqual(Float32Array.from(words.subarray(0, n), (w) => (w >>> 8) / 2 ** 24));
      expect(bench.damaged()).toEqual([]);
    }
  });

  it.each([
    [-1, 1],
    [-1e-3, 0],
    [100, 100.00001],
    [-5, -4.999999],
    [16777216, 16777218],
    [3, 3],
  ])('stays within [%d, %d), even where rounding would reach the end', (from, to) => {
    bench.reset();
    const [lo, hi] = [Math.fround(from), Math.fround(to)];
    const words = Uint32Array.of(0, 0xff, 0x100, 0x7fffffff, 0x80000000, 0xfffffeff, 0xffffff00, 0xffffffff);
    const out = bench.alloc(words.length * 4);
    bench.core.bitsToUniform(words.length, bench.put(words), out, lo, hi);
    const got = bench.f32(out, words.length);
    expect(got[0]).toBe(lo);
    for (const v of got) {
      expect(v).toBeGreaterThanOrEqual(lo);
      if (lo < hi) expect(v).toBeLessThan(hi);
    }
    expect([...got]).toEqual([...got].sort((a, b) => a - b));
  });
});

describe('bitsToNormal', () => {
  function normals(words: Uint32Array, n = words.length): Float32Array {
    bench.reset();
    const out = bench.alloc(n * 4);
    bench.core.bitsToNormal(n, bench.put(words), out);
    expect(bench.damaged()).toEqual([]);
    return bench.f32(out, n);
  }

  it('agrees with Box and Muller in float64 to the last place, extremes and quarter turns included', () => {
    bench.reset();
    const edges = [0, 1, 0x1fffffff, 0x20000000, 0x40000000, 0x80000000, 0xbfffffff, 0xe0000000, 0xffffffff];
    const words = Uint32Array.from([
      ...edges.flatMap((a) => edges.flatMap((b) => [a, b])),
      ...draw(20000).words,
    ]);
    const got = normals(words);
    for (let i = 0; i < words.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[i]! + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * words[i + 1]!) / 2 ** 32;
      // Near a zero of cos or sin the float64 angle itself is the limit.
      const slack = (v: number): number => Math.abs(v) * 2 ** -23 + radius * 1e-15;
      const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
      expect(Math.abs(got[i]! - x)).toBeLessThanOrEqual(slack(x));
      expect(Math.abs(got[i + 1]! - y)).toBeLessThanOrEqual(slack(y));
    }
  });

  it('gives the same values whatever the count', () => {
    bench.reset();
    const { words } = draw(12);
    const all = normals(words);
    for (let n = 0; n < 12; n++) expect(normals(words, n)).toEqual(all.slice(0, n));
  });

  it('has the moments and tails of a standard normal', () => {
    bench.reset();
    const n = 400_000;
    const got = normals(draw(n).words);
    const moment = (p: number): number => got.reduce((sum, v) => sum + v ** p, 0) / n;
    // Four standard errors: 4 √(Var xᵖ / n).
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const beyond2 = got.filter((v) => Math.abs(v) > 2).length / n;
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(4 * Math.sqrt(0.0455 / n));
  });
});
