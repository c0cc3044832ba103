import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  conjugateGradient,
  div,
  eye,
  jit,
  key,
  LinAlgError,
  matmul,
  mul,
  normal,
  ones,
  ShapeError,
  solve,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import { definite, diagonal, distance, expectClose, product } from './helpers.js';

const residualOf = (a: Tensor, x: Tensor, b: Tensor): number => {
  const n = x.size;
  const ax = product(a, tensor(x.dataSync() as Float32Array, [n, 1]));
  const rest = b.dataSync().map((v, i) => v - ax[i]);
  return Math.hypot(...rest) / Math.hypot(...b.dataSync());
};

describe('conjugateGradient', () => {
  it('solves [[4, 1], [1, 3]] x = [1, 2] in two steps, by hand', () => {
    const { x, iterations, residual, stoppedBy, method } = conjugateGradient(
      tensor([
        [4, 1],
        [1, 3],
      ]),
      tensor([1, 2]),
    );
    expectClose(x, [1 / 11, 7 / 11], 1e-6);
    expect([iterations, stoppedBy, method]).toEqual([2, 'tolerance', 'conjugate-gradient']);
    expect(residual).toBeLessThanOrEqual(1e-5);
  });

  it('meets the tolerance on any well-conditioned system, and agrees with solve', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const a = add(definite(seed, n), mul(eye(n), n));
        const b = normal(key(seed + 1), [n]);
        const { x, residual } = conjugateGradient(a, b);
        expect(residual).toBeLessThanOrEqual(1e-5);
        expect(residualOf(a, x, b)).toBeLessThan(1.2e-5);
        expect(distance(x.dataSync(), solve(a, b).dataSync())).toBeLessThan(1e-4);
      }),
      { numRuns: 25 },
    );
  });

  it('needs as many steps as there are different eigenvalues', () => {
    const a = diagonal(tensor(Array.from({ length: 90 }, (_, i) => [1, 4, 9][i % 3])));
    expect(conjugateGradient(a, normal(key(1), [90])).iterations).toBe(3);
  });

  it('takes a function, a start and a preconditioner', () => {
    const scales = tensor(Array.from({ length: 60 }, (_, i) => 10 ** (i / 15)));
    const a = add(diagonal(scales), 0.1);
    const b = normal(key(3), [60]);
    const plain = conjugateGradient((v) => matmul(a, v), b);
    const better = conjugateGradient(a, b, { preconditioner: (v) => div(v, scales) });
    expect(better.iterations).toBeLessThan(plain.iterations / 3);
    expect(residualOf(a, better.x, b)).toBeLessThan(2e-5);
    expect(conjugateGradient(a, b, { start: better.x, tolerance: 1e-4 }).iterations).toBe(0);
  });

  it('solves for zeros and for a tiny right side', () => {
    expect([...conjugateGradient(eye(2), zeros([2]), { start: ones([2]) }).x.dataSync()]).toEqual([0, 0]);
    const tiny = conjugateGradient(mul(eye(2), 2), tensor([4e-38, 8e-38])).x;
    expectClose(tiny, [2e-38, 4e-38], 1e-6);
  });

  it('ends where float32 products end, with the residual as it is', () => {
    const factor = normal(key(9), [50, 10]);
    const a = add(matmul(factor, transpose(factor)), mul(eye(50), 1e-3));
    const found = conjugateGradient(a, normal(key(4), [50]));
    expect(found.stoppedBy).toBe('float32');
    expect(found.residual).toBeGreaterThan(1e-5);
    expect(found.residual).toBeLessThan(0.1);
  });

  it('says what it reached when the iterations do not suffice', () => {
    const a = diagonal(tensor(Array.from({ length: 50 }, (_, i) => i + 1)));
    const run = (): unknown => conjugateGradient(a, ones([50]), { maxIterations: 3 });
    expect(run).toThrow(LinAlgError);
    expect(run).toThrow(
      /conjugateGradient: expected a relative residual of 0.00001, received 0\.\d+ after 3 iterations; use/,
    );
  });

  it('names a direction in which the operator is not positive definite', () => {
    expect(() => conjugateGradient(diagonal(tensor([1, -1])), tensor([0, 1]))).toThrow(
      'expected a symmetric positive definite operator, received a direction p with pᵀAp = -1 in iteration 1',
    );
    expect(() => conjugateGradient(zeros([2, 2]), ones([2]))).toThrow(LinAlgError);
  });

  it('refuses shapes that do not fit, NaN, asymmetry and traced input', () => {
    expect(() => conjugateGradient(eye(3), ones([2]))).toThrow(
      'a square matrix [2, 2], received shape [3, 3]',
    );
    expect(() => conjugateGradient(eye(2), ones([2, 1]))).toThrow(ShapeError);
    expect(() => conjugateGradient(eye(2), ones([2]), { start: ones([3]) })).toThrow(
      'start of shape [2], received [3]',
    );
    expect(() => conjugateGradient(eye(2), tensor([1, Infinity]))).toThrow('Infinity at position [1]');
    expect(() =>
      conjugateGradient(
        tensor([
          [1, 1],
          [0, 1],
        ]),
        ones([2]),
      ),
    ).toThrow(/a symmetric matrix/);
    expect(() => jit((b: Tensor) => conjugateGradient(eye(2), b).x)(ones([2]))).toThrow(TraceError);
  });
});
