import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  det,
  eye,
  full,
  inv,
  jit,
  key,
  LinAlgError,
  mul,
  normal,
  ones,
  reshape,
  ShapeError,
  solve,
  stack,
  tensor,
  type Tensor,
  TraceError,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import { definite, distance, expectClose, hilbert, product, ROUNDING } from './helpers.js';

const { a, b, x, inv: inverse, det: determinant } = golden.solve;
const values = (t: Tensor): number[] => [...t.dataSync()];

describe('solve', () => {
  it('solves two equations, by hand, also when a row must be exchanged', () => {
    expect(
      values(
        solve(
          tensor([
            [2, 0],
            [1, 4],
          ]),
          tensor([2, 9]),
        ),
      ),
    ).toEqual([1, 2]);
    expect(
      values(
        solve(
          tensor([
            [0, 1],
            [1, 0],
          ]),
          tensor([3, 5]),
        ),
      ),
    ).toEqual([5, 3]);
  });

  it('agrees with NumPy', () => {
    expectClose(solve(tensor(a), tensor(b)), x, ROUNDING);
  });

  it('solves the Hilbert system to float32 although its condition number is 1e7', () => {
    expectClose(solve(hilbert(6), ones([6])), golden.hilbertSolve.x, ROUNDING);
  });

  it('undoes a product with more than one slab of right sides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 3, 130),
        fc.integer({ min: 0, max: 1e6 }),
        (n, k, seed) => {
          const left = definite(seed, n);
          const wanted = normal(key(seed), [n, k]);
          const right = tensor(Float32Array.from(product(left, wanted)), [n, k]);
          expect(distance(solve(left, right).dataSync(), wanted.dataSync())).toBeLessThan(1e-3);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('takes stacks on either side, and one for all', () => {
    const [p, q] = [definite(1, 3), definite(2, 3)];
    const [r, s] = [normal(key(3), [3, 2]), normal(key(4), [3, 2])];
    const each = [...values(solve(p, r)), ...values(solve(q, s))];
    expect(values(solve(stack([p, q]), stack([r, s])))).toEqual(each);
    expect(values(solve(stack([p, q]), r))).toEqual([...values(solve(p, r)), ...values(solve(q, r))]);
    expect(values(solve(p, stack([r, s])))).toEqual([...values(solve(p, r)), ...values(solve(p, s))]);
    expect(solve(stack([p, q]), ones([3])).shape).toEqual([2, 3]);
  });

  it('does not mind rows and columns of different scale', () => {
    const scaled = tensor([
      [1e30, 2e-10],
      [3e-5, 5e-30],
    ]);
    const found = values(solve(scaled, tensor([1e30, 1e-30])));
    const exact = (1e30 * 1e-30 - 3e-5 * 1e30) / (1e30 * 5e-30 - 2e-10 * 3e-5);
    expect(found[1] / exact).toBeCloseTo(1, 5);
  });

  it('refuses a matrix that is singular, or singular but for rounding', () => {
    const nearly = tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(() => solve(nearly, ones([3]))).toThrow(LinAlgError);
    expect(() => solve(nearly, ones([3]))).toThrow(/singular to float64 precision \(pivot 2\); use lstsq/);
    expect(() => solve(stack([eye(2), zeros([2, 2])]), ones([2]))).toThrow(
      /\(pivot 0, matrix 1 of the stack\)/,
    );
  });

  it('refuses shapes that do not fit, numbers that are not finite, and traced input', () => {
    expect(() => solve(zeros([2, 3]), ones([2]))).toThrow(ShapeError);
    expect(() => solve(eye(2), ones([3]))).toThrow('received [3] for a of [2, 2]');
    expect(() => solve(eye(2), reshape(ones([3, 2]), [3, 2]))).toThrow(ShapeError);
    expect(() => solve(stack([eye(2), eye(2)]), ones([3, 2, 1]))).toThrow(ShapeError);
    expect(() => solve(eye(2), tensor([1, NaN]))).toThrow(
      'solve: expected finite numbers, received NaN at position [1]',
    );
    expect(() => jit(solve)(eye(2), ones([2]))).toThrow(TraceError);
  });
});

describe('inv', () => {
  it('agrees with NumPy and with the hand', () => {
    expectClose(inv(tensor(a)), inverse, ROUNDING);
    expect(values(inv(tensor([[4]])))).toEqual([0.25]);
    expect(
      values(
        inv(
          stack([
            tensor([
              [2, 0],
              [0, 4],
            ]),
            eye(2),
          ]),
        ),
      ),
    ).toEqual([0.5, 0, 0, 0.25, 1, 0, 0, 1]);
  });

  it('refuses singular matrices, and inverses beyond float32', () => {
    expect(() => inv(zeros([2, 2]))).toThrow(LinAlgError);
    expect(() => inv(tensor([[1e-40]]))).toThrow(/results within float32/);
  });
});

describe('det', () => {
  it('agrees with NumPy and with the hand, the sign of an exchange included', () => {
    expect(det(tensor(a)).item()).toBeCloseTo(determinant, 5);
    expect(
      det(
        tensor([
          [0, 1],
          [1, 0],
        ]),
      ).item(),
    ).toBe(-1);
    expect(
      values(
        det(
          stack([
            tensor([
              [1, 2],
              [3, 4],
            ]),
            zeros([2, 2]),
          ]),
        ),
      ),
    ).toEqual([-2, 0]);
  });

  it('refuses a result beyond float32 and what is not square', () => {
    expect(() => det(mul(eye(50), 1e10))).toThrow(/results within float32/);
    expect(() => det(full([1, 2], 1))).toThrow(ShapeError);
  });
});
