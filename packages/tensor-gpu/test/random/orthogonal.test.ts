import { describe, expect, it } from 'vitest';
import { jit, key, type Key, orthogonal, ShapeError, split, TraceError, transpose } from '../../src/index.js';
import { deviation } from '../linalg/helpers.js';

describe('orthogonal', () => {
  it('has orthonormal columns when tall, rows when wide, both when square', () => {
    for (const shape of [
      [1, 1],
      [7, 3],
      [3, 7],
      [40, 40],
    ]) {
      const q = orthogonal(key(1), shape);
      expect(q.shape).toEqual(shape);
      if (shape[0] >= shape[1]) expect(deviation(q)).toBeLessThan(1e-6);
      if (shape[0] <= shape[1]) expect(deviation(transpose(q))).toBeLessThan(1e-6);
    }
  });

  it('depends on the key alone', () => {
    const values = (seed: number): number[] => [...orthogonal(key(seed), [4, 4]).dataSync()];
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  it('is uniform: the angle of a random plane is, reflections are half, traces have variance 1', () => {
    const n = 2000;
    const keys = split(key(3), n);
    const planes = keys.map((k) => orthogonal(k, [2, 2]).dataSync());
    // Five standard errors each: √(n/4) for counts of halves, √(2/n) for a mean of squares near variance 1.
    const quarter = (q: ArrayLike<number>): number =>
      Math.floor((Math.atan2(q[2], q[0]) / Math.PI + 1) * 2) % 4;
    for (const which of [0, 1, 2, 3]) {
      const count = planes.filter((q) => quarter(q) === which).length;
      expect(Math.abs(count - n / 4)).toBeLessThan(5 * Math.sqrt((n * 3) / 16));
    }
    const reflections = planes.filter((q) => q[0] * q[3] - q[1] * q[2] < 0).length;
    expect(Math.abs(reflections - n / 2)).toBeLessThan(5 * Math.sqrt(n / 4));
    // For Haar measure on O(5) the trace has mean 0 and variance 1; without the sign fix its mean is not 0.
    const traces = keys.map((k) => {
      const q = orthogonal(k, [5, 5]).dataSync();
      return q[0] + q[6] + q[12] + q[18] + q[24];
    });
    const mean = traces.reduce((a, b) => a + b, 0) / n;
    const variance = traces.reduce((a, b) => a + b * b, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it('refuses other shapes and traced keys', () => {
    expect(() => orthogonal(key(1), [3])).toThrow(ShapeError);
    expect(() => orthogonal(key(1), [3, 0])).toThrow('a shape [n, m] of whole numbers ≥ 1, received [3, 0]');
    expect(() => jit((k: Key) => orthogonal(k, [2, 2]))(key(1))).toThrow(TraceError);
  });
});
