import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  eigh,
  eye,
  jit,
  key,
  LinAlgError,
  matmul,
  normal,
  ShapeError,
  stack,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import {
  definite,
  deviation,
  diagonal,
  distance,
  expectClose,
  patterned,
  product,
  ROUNDING,
} from './helpers.js';

const symmetric = (seed: number, n: number): Tensor => {
  const x = normal(key(seed), [n, n]);
  return add(x, transpose(x));
};

function expectDecomposes(x: Tensor): void {
  const { values, vectors } = eigh(x);
  const n = x.shape[0];
  const sizes = [...values.dataSync()];
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  const scale = Math.max(Math.abs(sizes[0]), Math.abs(sizes[n - 1])) || 1;
  const scaled = tensor(Float32Array.from(product(vectors, diagonal(values))), [n, n]);
  expect(distance(product(scaled, transpose(vectors)), x.dataSync()) / scale).toBeLessThan(1e-6);
  expect(deviation(vectors)).toBeLessThan(1e-6);
}

describe('eigh', () => {
  it('finds 1 and 3 of [[2, 1], [1, 2]], by hand', () => {
    const { values, vectors, method } = eigh(
      tensor([
        [2, 1],
        [1, 2],
      ]),
    );
    const h = Math.SQRT1_2;
    expectClose(values, [1, 3], ROUNDING);
    expectClose(
      vectors,
      [
        [h, h],
        [-h, h],
      ],
      ROUNDING,
    );
    expect(method).toBe('ml-matrix');
    expect([...eigh(tensor([[-7]])).values.dataSync()]).toEqual([-7]);
  });

  it.each(Object.keys(golden.eigh) as (keyof typeof golden.eigh)[])('agrees with NumPy on: %s', (name) => {
    const { x, values, vectors } = golden.eigh[name];
    const found = eigh(tensor(x));
    expectClose(found.values, values, ROUNDING);
    expectClose(found.vectors, vectors, 1e-6);
  });

  it('above 32 rows its own path agrees with NumPy', () => {
    const x = patterned(70, 70);
    const mean = tensor(
      Float32Array.from(add(x, transpose(x)).dataSync(), (v) => v / 2),
      [70, 70],
    );
    const { values, method } = eigh(mean);
    expect(method).toBe('tridiagonal-qr');
    expectClose(values, golden.eigenvalues[70], ROUNDING);
    expectDecomposes(mean);
  });

  it.each([
    ['zeros', zeros([60, 60])],
    ['the identity', eye(60)],
    ['ones', tensor(new Float32Array(3600).fill(1), [60, 60])],
    ['rank 4', matmul(normal(key(1), [60, 4]), transpose(normal(key(1), [60, 4])))],
    [
      'two copies of each eigenvalue',
      tensor(
        Float32Array.from({ length: 3600 }, (_, p) => Number(Math.floor(p / 60) + (p % 60) === 59)),
        [60, 60],
      ),
    ],
  ])('keeps its vectors orthonormal on: %s', (_, x) => expectDecomposes(x));

  it('decomposes any symmetric matrix', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        expectDecomposes(symmetric(seed, n));
      }),
      { numRuns: 30 },
    );
  });

  it('takes stacks', () => {
    const xs = [1, 2].map((seed) => definite(seed, 3));
    expect([...eigh(stack(xs)).values.dataSync()]).toEqual(xs.flatMap((x) => [...eigh(x).values.dataSync()]));
  });

  it('averages what rounding left across the diagonal, and refuses more', () => {
    expectClose(
      eigh(
        tensor([
          [2, 1.00001],
          [0.99999, 2],
        ]),
      ).values,
      [1, 3],
      1e-6,
    );
    const skew = stack([
      eye(2),
      tensor([
        [2, 1],
        [1.1, 2],
      ]),
    ]);
    expect(() => eigh(skew)).toThrow(LinAlgError);
    expect(() => eigh(skew)).toThrow(
      /^eigh: expected a symmetric matrix, received 1.10\d* at \[1, 1, 0\] and 1 across the diagonal; average/,
    );
  });

  it('refuses other shapes, numbers that are not finite, and traced input', () => {
    expect(() => eigh(zeros([2, 3]))).toThrow(ShapeError);
    expect(() => eigh(zeros([0, 0]))).toThrow(ShapeError);
    expect(() =>
      eigh(
        tensor([
          [1, NaN],
          [NaN, 1],
        ]),
      ),
    ).toThrow('received NaN at position [0, 1]');
    expect(() => jit((x: Tensor) => eigh(x).values)(eye(2))).toThrow(TraceError);
  });
});
