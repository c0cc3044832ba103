import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cholesky,
  eye,
  grad,
  key,
  LinAlgError,
  mul,
  normal,
  matmul,
  ShapeError,
  stack,
  sum,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import { definite, distance, expectClose, product, ROUNDING } from './helpers.js';

describe('cholesky', () => {
  it('factors [[4, 2], [2, 5]] into [[2, 0], [1, 2]], by hand', () => {
    expect([
      ...cholesky(
        tensor([
          [4, 2],
          [2, 5],
        ]),
      ).dataSync(),
    ]).toEqual([2, 0, 1, 2]);
    expect([...cholesky(tensor([[9]])).dataSync()]).toEqual([3]);
  });

  it('agrees with NumPy', () => {
    expectClose(cholesky(tensor(golden.cholesky.x)), golden.cholesky.l, ROUNDING);
  });

  it('gives a triangle whose square is the matrix', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const x = definite(seed, n);
        const l = cholesky(x);
        expect(distance(product(l, transpose(l)), x.dataSync()) / n).toBeLessThan(1e-5);
        const values = l.dataSync();
        for (let i = 0; i < n; i++) {
          expect(values[i * n + i]).toBeGreaterThan(0);
          for (let j = i + 1; j < n; j++) expect(values[i * n + j]).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('does not mind the scale', () => {
    expectClose(cholesky(mul(eye(3), 1e-40)), [1e-20, 0, 0, 0, 1e-20, 0, 0, 0, 1e-20], 1e-4);
  });

  it('names the leading block that is not positive definite', () => {
    const bad = tensor([
      [4, 2, 0],
      [2, 1, 0],
      [0, 0, 1],
    ]);
    expect(() => cholesky(bad)).toThrow(LinAlgError);
    expect(() => cholesky(bad)).toThrow(
      'cholesky: expected a positive definite matrix, received one whose leading 2 × 2 block is not; add',
    );
    expect(() => cholesky(stack([eye(2), mul(eye(2), -1)]))).toThrow(
      /leading 1 × 1 block .* \(matrix 1 of the stack\)/,
    );
    const x = normal(key(1), [20, 5]);
    expect(() => cholesky(matmul(x, transpose(x)))).toThrow(/leading \d+ × \d+ block/);
  });

  it('refuses what is not square, symmetric, finite or concrete', () => {
    expect(() => cholesky(zeros([2, 3]))).toThrow(ShapeError);
    expect(() =>
      cholesky(
        tensor([
          [1, 2],
          [0, 1],
        ]),
      ),
    ).toThrow(/symmetric/);
    expect(() => cholesky(tensor([[Infinity]]))).toThrow('received Infinity at position [0, 0]');
    expect(() => grad((x: Tensor) => sum(cholesky(x)))(eye(2))).toThrow(TraceError);
  });
});
