import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cast,
  eye,
  grad,
  jit,
  key,
  LinAlgError,
  matmul,
  mul,
  normal,
  ShapeError,
  stack,
  stopGradient,
  sum,
  svd,
  type Tensor,
  tensor,
  TraceError,
  transpose,
  vmap,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import {
  deviation,
  diagonal,
  distance,
  expectClose,
  hilbert,
  patterned,
  product,
  ROUNDING,
} from './helpers.js';

const values = (t: Tensor): number[] => [...t.dataSync()];

/** Checks all that makes a decomposition one, relative to the largest singular value. */
function expectDecomposes(x: Tensor, tolerance = 3 * ROUNDING): void {
  const { u, s, vt } = svd(x);
  const largest = s.dataSync()[0] || 1;
  const scaled = tensor(Float32Array.from(product(u, diagonal(s))), u.shape);
  expect(distance(product(scaled, vt), x.dataSync()) / largest).toBeLessThan(tolerance);
  expect(deviation(u)).toBeLessThan(1e-6);
  expect(deviation(transpose(vt))).toBeLessThan(1e-6);
  const sorted = values(s).sort((a, b) => b - a);
  expect(values(s)).toEqual(sorted);
  expect(sorted.at(-1)).toBeGreaterThanOrEqual(0);
}

describe('svd', () => {
  it('finds the singular values 5 and 0 of a matrix of rank one, by hand', () => {
    const { u, s, vt, method } = svd(
      tensor([
        [3, 0],
        [4, 0],
      ]),
    );
    expectClose(s, [5, 0], ROUNDING);
    expectClose(
      u,
      [
        [0.6, 0.8],
        [0.8, -0.6],
      ],
      ROUNDING,
    );
    expect(Math.abs(values(vt)[0])).toBe(1);
    expect(method).toBe('ml-matrix');
  });

  it.each(Object.keys(golden.svd) as (keyof typeof golden.svd)[])('agrees with NumPy on: %s', (name) => {
    const { x, u, s, vt } = golden.svd[name];
    const found = svd(tensor(x as number[][]));
    expectClose(found.s, s, ROUNDING);
    expectClose(found.u, u, 1e-6);
    expectClose(found.vt, vt, 1e-6);
  });

  const large: Record<keyof typeof golden.singularValues, () => Tensor> = {
    '80x60': () => patterned(80, 60),
    '60x80': () => patterned(60, 80),
    '200x40': () => patterned(200, 40),
    '100x100': () => patterned(100, 100),
    'hilbert 50': () => hilbert(50),
    'rank 3, 50x40': () => tensor(Float32Array.from(product(patterned(50, 3), patterned(3, 40))), [50, 40]),
  };
  it.each(Object.keys(large) as (keyof typeof large)[])(
    'above 32 rows or columns its own path agrees with NumPy: %s',
    (name) => {
      const x = large[name]();
      const { s, method } = svd(x);
      expect(method).toBe('golub-kahan');
      expectClose(s, golden.singularValues[name], ROUNDING);
      expectDecomposes(x);
    },
  );

  const at = (n: number, f: (i: number, j: number) => number): Tensor =>
    tensor(
      Float32Array.from({ length: n * n }, (_, p) => f(Math.floor(p / n), p % n)),
      [n, n],
    );
  const hard: Record<string, (n: number) => Tensor> = {
    zeros: (n) => zeros([n, n]),
    'the identity': (n) => eye(n),
    ones: (n) => at(n, () => 1),
    'a nilpotent shift': (n) => at(n, (i, j) => Number(j === i + 1)),
    'whole numbers of rank 7': (n) => at(n, (i, j) => (i * n + j) % 7),
    'zeros on the diagonal of a bidiagonal': (n) =>
      at(n, (i, j) => (i === j ? (i === n >> 1 || i === n - 1 ? 0 : 1 + i / n) : Number(j === i + 1))),
    'a graded diagonal from 1e30 to 1e-40': (n) => at(n, (i, j) => (i === j ? 10 ** (30 - (70 * i) / n) : 0)),
    'the triangle of ones': (n) => at(n, (i, j) => Number(i >= j)),
    'rank 5 with rounding': (n) => matmul(normal(key(1), [n, 5]), normal(key(2), [5, n])),
    'entries near the largest float32': (n) => mul(normal(key(3), [n, n]), 1e35),
  };
  describe.each([20, 90])('of size %i', (n) => {
    it.each(Object.keys(hard))('keeps its vectors orthonormal on: %s', (name) =>
      expectDecomposes(hard[name](n)),
    );
  });

  it('decomposes any matrix into orthonormal factors', () => {
    const size = fc.integer({ min: 1, max: 45 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 1e6 }), (m, n, seed) => {
        expectDecomposes(normal(key(seed), [m, n]));
      }),
      { numRuns: 40 },
    );
  });

  it('makes the first of the largest entries of each left vector positive', () => {
    for (const n of [6, 50]) {
      const u = svd(normal(key(5), [n, n])).u.dataSync();
      for (let c = 0; c < n; c++) {
        const column = Array.from({ length: n }, (_, i) => u[i * n + c]);
        expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
      }
    }
  });

  it('gives square factors on request, the thin ones in front', () => {
    for (const [m, n] of [
      [5, 3],
      [3, 5],
      [60, 20],
      [4, 4],
    ]) {
      const x = normal(key(m), [m, n]);
      const thin = svd(x);
      const { u, s, vt } = svd(x, { fullMatrices: true });
      expect([u.shape, s.shape, vt.shape]).toEqual([[m, m], [Math.min(m, n)], [n, n]]);
      expect(deviation(u)).toBeLessThan(1e-6);
      expect(deviation(transpose(vt))).toBeLessThan(1e-6);
      expect(u.dataSync()[0]).toBe(thin.u.dataSync()[0]);
      expect([...vt.dataSync().slice(0, thin.vt.size)]).toEqual(values(thin.vt));
    }
  });

  it('takes stacks of matrices, each as if it were alone', () => {
    const xs = [0, 1, 2].map((seed) => normal(key(seed), [4, 3]));
    const { u, s, vt } = svd(stack(xs));
    expect([u.shape, s.shape, vt.shape]).toEqual([
      [3, 4, 3],
      [3, 3],
      [3, 3, 3],
    ]);
    expect(values(s)).toEqual(xs.flatMap((x) => values(svd(x).s)));
    expect(values(u)).toEqual(xs.flatMap((x) => values(svd(x).u)));
    expect(values(vt)).toEqual(xs.flatMap((x) => values(svd(x).vt)));
  });

  it('reads views and other dtypes', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(values(svd(transpose(x)).s)).toEqual(values(svd(x).s));
    expect(values(svd(cast(x, 'int32')).s)).toEqual(values(svd(x).s));
    expect(values(svd(cast(x, 'bfloat16')).s)).toEqual(values(svd(x).s));
  });

  it.each([
    ['a vector', zeros([3])],
    ['no rows', zeros([0, 3])],
    ['an empty stack', zeros([0, 2, 2])],
  ])('refuses %s', (_, x) => {
    expect(() => svd(x)).toThrow(ShapeError);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d and says where it stands', (bad) => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, bad],
        [7, 8],
      ],
    ]);
    expect(() => svd(x)).toThrow(`svd: expected finite numbers, received ${bad} at position [1, 0, 1]`);
    expect(() => svd(x)).toThrow(LinAlgError);
  });

  it('refuses a singular value beyond float32', () => {
    const x = mul(tensor(new Float32Array(400).fill(1), [20, 20]), 3e38);
    expect(() => svd(x)).toThrow(
      /svd: expected results within float32, received one that is not at position \[0\]/,
    );
  });

  it('refuses traced tensors with the cure, and takes constants inside a transform', () => {
    const x = normal(key(1), [3, 3]);
    const largest = (y: Tensor): Tensor => sum(svd(y).s);
    expect(() => jit(largest)(x)).toThrow(TraceError);
    expect(() => vmap(largest)(stack([x, x]))).toThrow(/pass the whole stack/);
    expect(() => grad(largest)(x)).toThrow(/svd: .* traced one inside grad; call it outside the transform/);
    const constant = grad((y: Tensor) => sum(mul(y, svd(stopGradient(y)).s)));
    expect(values(constant(x))).toEqual([0, 1, 2].flatMap(() => values(svd(x).s)));
  });
});
