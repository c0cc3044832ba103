import { describe, expect, it } from 'vitest';
import {
  foldIn,
  jit,
  key,
  type Key,
  ShapeError,
  split,
  stack,
  tensor,
  type Tensor,
  truncatedNormal,
  vmap,
} from '../../src/index.js';
import { centralMass } from '../../src/random/normal-tails.js';
import { truncatedQuantile } from '../../src/random/truncated-normal.js';
import golden from './golden/truncated-normal.json' with { type: 'json' };

const values = (t: Tensor): number[] => [...t.dataSync()];

describe('truncatedQuantile', () => {
  it('puts the median of a symmetric interval at 0 and the ends at the bounds', () => {
    const x = values(truncatedQuantile(tensor([0, 0.5, 1]), tensor([1, 0.5, 0]), -2, 2));
    expect(x[0]).toBeCloseTo(-2, 6);
    expect(x[1]).toBe(0);
    expect(x[2]).toBeCloseTo(2, 6);
  });

  it.each(golden.rows.map((row) => [row.low, row.high, row] as const))(
    'agrees with 60 digits between %s and %s, from the far ends on',
    (_, __, { low, high, u, v, x }) => {
      const found = values(
        truncatedQuantile(
          tensor(u),
          tensor(v),
          Number(low.toString().replace('inf', 'Infinity')),
          Number(high.toString().replace('inf', 'Infinity')),
        ),
      );
      // Four units in the last place, and near 0 what rounding of the probability leaves.
      found.forEach((value, i) => expect(Math.abs(value - x[i])).toBeLessThan(5e-7 * Math.abs(x[i]) + 2e-7));
    },
  );
});

describe('truncatedNormal', () => {
  const n = 20_000;

  it.each([
    [-2, 2],
    [0.5, Infinity],
    [-Infinity, -3],
    [4, 4.5],
    [-1, 5],
  ])('between %d and %d stays inside and follows the distribution function', (low, high) => {
    const x = values(truncatedNormal(key(1), [n], low, high)).sort((a, b) => a - b);
    expect(x[0]).toBeGreaterThanOrEqual(low);
    expect(x[n - 1]).toBeLessThanOrEqual(high);
    // Kolmogorov and Smirnov: 1.95/√n is passed with probability 0.001. On the right side masses are taken from above.
    const mass = (a: number, b: number): number =>
      a > 0 ? tailMass(a) - tailMass(b) : centralMass(b) - centralMass(a);
    const whole = mass(low, high);
    const worst = Math.max(...x.map((value, i) => Math.abs(mass(low, value) / whole - (i + 0.5) / n)));
    expect(worst).toBeLessThan(1.95 / Math.sqrt(n));
  });

  it('reaches far out on an open side, and keeps the shape of an interval far out', () => {
    const open = values(truncatedNormal(key(2), [200_000], -Infinity, Infinity));
    expect(open.some((x) => x < -4)).toBe(true);
    expect(open.some((x) => x > 4)).toBe(true);
    expect(open.every(Number.isFinite)).toBe(true);
    // Beyond a bound a far out the excess is nearly exponential with mean 1/a - 2/a³.
    const far = values(truncatedNormal(key(3), [n], 30, Infinity));
    const mean = far.reduce((sum, x) => sum + x - 30, 0) / n;
    expect(Math.abs(mean - (1 / 30 - 2 / 30 ** 3))).toBeLessThan(5 / 30 / Math.sqrt(n));
  });

  it('gives the same bits in jit with a traced key, and in vmap over keys', () => {
    const keys = split(key(4), 3);
    const alone = keys.map((k) => values(truncatedNormal(k, [2, 4], -1, 3)));
    expect(values(jit((k: Key) => truncatedNormal(k, [2, 4], -1, 3))(keys[0]))).toEqual(alone[0]);
    expect(values(vmap((k: Key) => truncatedNormal(k, [2, 4], -1, 3))(stack(keys)))).toEqual(alone.flat());
    const folded = jit((k: Key) => truncatedNormal(foldIn(k, 'layer'), [3]));
    expect(values(folded(key(5)))).toEqual(values(truncatedNormal(foldIn(key(5), 'layer'), [3])));
  });

  it('draws scalars and nothing, and begins a longer draw with a shorter one', () => {
    expect(truncatedNormal(key(6)).shape).toEqual([]);
    expect(truncatedNormal(key(6), [0, 3]).shape).toEqual([0, 3]);
    expect(values(truncatedNormal(key(7), [9])).slice(0, 4)).toEqual(values(truncatedNormal(key(7), [4])));
  });

  it.each([
    [2, 2],
    [3, 1],
    [NaN, 1],
    [0, NaN],
    [1e39, 2e39],
    [-Infinity, -1e39],
    [Infinity, Infinity],
  ])('refuses the bounds %d and %d', (low, high) => {
    expect(() => truncatedNormal(key(1), [2], low, high)).toThrow(ShapeError);
    expect(() => truncatedNormal(key(1), [2], low, high)).toThrow(
      /truncatedNormal: expected low < high within float32/,
    );
  });
});

/** The probability above `x`, by Simpson's rule over the density: independent of what the draws use. */
function tailMass(x: number): number {
  if (x === Infinity) return 0;
  const [steps, width] = [2000, 12];
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const at = x + (i * width) / steps;
    sum += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * Math.exp((-at * at) / 2);
  }
  return (sum * width) / steps / 3 / Math.sqrt(2 * Math.PI);
}
