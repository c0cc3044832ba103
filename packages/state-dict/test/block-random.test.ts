import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { blockRandom } from '../src/index.js';

const draws = (seed: number, begin: number, count: number) => {
  const next = blockRandom(key(seed), begin);
  return Array.from({ length: count }, next);
};

describe('blockRandom', () => {
  it('gives the same numbers for the same key and place, and others elsewhere', () => {
    expect(draws(1, 16384, 8)).toEqual(draws(1, 16384, 8));
    expect(draws(1, 16384, 8)).not.toEqual(draws(1, 0, 8));
    expect(draws(1, 16384, 8)).not.toEqual(draws(2, 16384, 8));
  });

  it('is uniform in [0, 1): each tenth gets its share', () => {
    const counts = new Array<number>(10).fill(0);
    for (const draw of draws(3, 0, 100_000)) counts[Math.floor(draw * 10)]!++;
    // Five standard deviations of a binomial count.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(9000));
  });

  it('has no correlation from one draw to the next, nor between neighbouring blocks', () => {
    const a = draws(4, 0, 50_000);
    const b = draws(4, 16384, 50_000);
    const correlation = (x: number[], y: number[]) =>
      x.reduce((sum, value, i) => sum + (value - 0.5) * (y[i]! - 0.5), 0) / x.length / (1 / 12);
    // The standard deviation of the estimate is 1 / √n.
    expect(Math.abs(correlation(a.slice(0, -1), a.slice(1)))).toBeLessThan(5 / Math.sqrt(50_000));
    expect(Math.abs(correlation(a, b))).toBeLessThan(5 / Math.sqrt(50_000));
  });
});
