import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eye,
  key,
  normal,
  qr,
  ShapeError,
  stack,
  tensor,
  type Tensor,
  TraceError,
  vmap,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import { deviation, distance, expectClose, product, ROUNDING } from './helpers.js';

describe('qr', () => {
  it('divides a column by its length, by hand', () => {
    const { q, r, method } = qr(tensor([[3], [4]]));
    expectClose(q, [[0.6], [0.8]], ROUNDING);
    expectClose(r, [[5]], ROUNDING);
    expect(method).toBe('householder');
  });

  it('agrees with NumPy, signs turned so that the diagonal of r is positive', () => {
    const { q, r } = qr(tensor(golden.qr.x));
    expectClose(q, golden.qr.q, ROUNDING);
    expectClose(r, golden.qr.r, ROUNDING);
  });

  it('leaves the identity and zeros alone', () => {
    expect([...qr(eye(3)).q.dataSync()]).toEqual([...eye(3).dataSync()]);
    expect([...qr(zeros([3, 2])).r.dataSync()]).toEqual([0, 0, 0, 0]);
    expect(deviation(qr(zeros([3, 2])).q)).toBe(0);
  });

  it('reconstructs any matrix from orthonormal columns and a triangle with a diagonal ≥ 0', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 1e6 }), fc.boolean(), (m, n, seed, fullMatrices) => {
        const x = normal(key(seed), [m, n]);
        const { q, r } = qr(x, { fullMatrices });
        const width = fullMatrices ? m : Math.min(m, n);
        expect([q.shape, r.shape]).toEqual([
          [m, width],
          [width, n],
        ]);
        expect(distance(product(q, r), x.dataSync())).toBeLessThan(1e-5);
        expect(deviation(q)).toBeLessThan(1e-6);
        const values = r.dataSync();
        for (let i = 0; i < width; i++) {
          if (i < n) expect(values[i * n + i]).toBeGreaterThanOrEqual(0);
          for (let j = 0; j < Math.min(i, n); j++) expect(values[i * n + j]).toBe(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes stacks, and refuses vectors, empty and traced input', () => {
    const xs = [1, 2].map((seed) => normal(key(seed), [4, 2]));
    const { q } = qr(stack(xs));
    expect([...q.dataSync()]).toEqual(xs.flatMap((x) => [...qr(x).q.dataSync()]));
    expect(() => qr(zeros([4]))).toThrow(ShapeError);
    expect(() => qr(zeros([4, 0]))).toThrow('qr: expected at least one element, received shape [4, 0]');
    expect(() => vmap((x: Tensor) => qr(x).q)(stack(xs))).toThrow(TraceError);
  });
});
