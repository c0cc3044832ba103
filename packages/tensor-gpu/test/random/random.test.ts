import { describe, expect, it } from 'vitest';
import {
  bernoulli,
  categorical,
  foldIn,
  generator,
  jit,
  type Key,
  key,
  normal,
  permutation,
  randomInt,
  split,
  tensor,
  uniform,
  vmap,
  stack,
  type Tensor,
} from '../../src/index.js';
import { threefry } from '../../src/random/threefry.js';

const values = (t: Tensor): number[] => [...t.dataSync()];

describe('threefry', () => {
  // Known answers of Random123 1.14, tests/kat_vectors, threefry2x32 with 20 rounds.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [-1, -1, -1, -1, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])('gives the published words for key %i %i', (k0, k1, c0, c1, a, b) => {
    expect(threefry(k0, k1, c0, c1).map((w) => w >>> 0)).toEqual([a, b]);
  });
});

describe('keys', () => {
  it('split gives different keys, the same each time, inside jit too', () => {
    const [a, b] = split(key(7));
    expect(values(a)).not.toEqual(values(b));
    expect(values(split(key(7), 3)[1])).toEqual(values(b));
    const traced = jit((k: Key) => split(k, 2)[1])(key(7));
    expect(values(traced)).toEqual(values(b));
  });

  it('foldIn depends on the name only, inside jit too', () => {
    const plain = foldIn(key(7), 'layer.0');
    expect(values(foldIn(key(7), 'layer.1'))).not.toEqual(values(plain));
    expect(values(jit((k: Key) => foldIn(k, 'layer.0'))(key(7)))).toEqual(values(plain));
    expect(values(foldIn(key(7), 3))).not.toEqual(values(foldIn(key(7), '3')));
  });

  it('vmap over keys draws what each key draws alone', () => {
    const keys = split(key(1), 3);
    const mapped = vmap((k: Key) => normal(k, [4]))(stack(keys));
    expect(values(mapped)).toEqual(keys.flatMap((k) => values(normal(k, [4]))));
  });

  it.each([-1, 1.5, NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => key(seed)).toThrow(/whole seed/);
  });

  it('refuses something else than a key', () => {
    expect(() => uniform(tensor([1, 2]), [3])).toThrow(
      'uniform: expected a random key made by key(seed) or split()',
    );
  });
});

describe('draws', () => {
  const n = 20_000;
  const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

  it('uniform covers [low, high) evenly', () => {
    const x = values(uniform(key(1), [n], -2, 3));
    expect(Math.min(...x)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...x)).toBeLessThan(3);
    // Standard error of the mean is 5 / √12 / √n = 0.0102; five of them.
    expect(Math.abs(mean(x) - 0.5)).toBeLessThan(0.051);
  });

  it('normal has the asked mean, deviation and light tails', () => {
    const x = values(normal(key(2), [n], 1, 2));
    expect(Math.abs(mean(x) - 1)).toBeLessThan((5 * 2) / Math.sqrt(n));
    const sd = Math.sqrt(mean(x.map((v) => (v - 1) ** 2)));
    expect(Math.abs(sd - 2)).toBeLessThan((5 * 2) / Math.sqrt(2 * n));
    const beyond = x.filter((v) => Math.abs(v - 1) > 3.92).length / n;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / n));
  });

  it('bernoulli, categorical and randomInt hit their probabilities', () => {
    expect(Math.abs(mean(values(bernoulli(key(3), 0.3, [n]))) - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / n));
    const logits = tensor([[Math.log(0.5), Math.log(0.3), Math.log(0.2)]]);
    const rows = categorical(
      key(4),
      tensor(
        new Float32Array(3 * n).map((_, i) => logits.dataSync()[i % 3]),
        [n, 3],
      ),
    );
    const share = values(rows).filter((c) => c === 1).length / n;
    expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / n));
    const dice = values(randomInt(key(5), [n], 1, 7));
    expect(new Set(dice)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });

  it('permutation holds every number once', () => {
    expect(values(permutation(key(6), 50)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  it('a shorter draw is the beginning of a longer one', () => {
    expect(values(uniform(key(8), [9])).slice(0, 5)).toEqual(values(uniform(key(8), [5])));
  });
});

describe('generator', () => {
  it('gives the same stream for the same key', () => {
    const [a, b] = [generator(key(1)), generator(key(1))];
    expect([a.uniform(), a.normal(), a.integer(10)]).toEqual([b.uniform(), b.normal(), b.integer(10)]);
  });

  it('integer covers its range and refuses 0', () => {
    const g = generator(key(2));
    const seen = new Set(Array.from({ length: 200 }, () => g.integer(5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(() => g.integer(0)).toThrow(/whole bound/);
  });

  it('permutation holds every number once', () => {
    expect([...generator(key(3)).permutation(20)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });
});
