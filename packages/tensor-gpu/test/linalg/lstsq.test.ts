import { describe, expect, it } from 'vitest';
import {
  eye,
  jit,
  key,
  LinAlgError,
  lstsq,
  matmul,
  normal,
  ones,
  ShapeError,
  sub,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import golden from './golden/linalg.json' with { type: 'json' };
import { expectClose, flat, ROUNDING } from './helpers.js';

describe('lstsq', () => {
  it('fits the mean to numbers, by hand', () => {
    const { x, residuals, rank } = lstsq(ones([4, 1]), tensor([1, 2, 3, 6]));
    expectClose(x, [3], ROUNDING);
    expectClose(residuals, [14], ROUNDING);
    expect([x.shape, residuals.shape, rank]).toEqual([[1], [], 1]);
  });

  it.each(Object.keys(golden.lstsq) as (keyof typeof golden.lstsq)[])('agrees with NumPy on: %s', (name) => {
    const { a, b, x, rank, s, residuals } = golden.lstsq[name];
    const found = lstsq(tensor(a), tensor(b as number[]));
    expect(found.rank).toBe(rank);
    expectClose(found.x, x, 1e-6);
    expectClose(found.singularValues, s, ROUNDING);
    expectClose(found.residuals, residuals, 1e-6, Math.max(...flat(b)));
  });

  it('leaves a residual at right angles to the columns, also of a large matrix', () => {
    const a = normal(key(1), [120, 40]);
    const b = normal(key(2), [120, 3]);
    const { x, method } = lstsq(a, b);
    expect(method).toBe('golub-kahan');
    const slope = matmul(transpose(a), sub(matmul(a, x), b)).dataSync();
    expect(Math.max(...slope.map(Math.abs))).toBeLessThan(1e-4);
  });

  it('counts singular values above rcond only', () => {
    const a = tensor([
      [1, 0],
      [0, 0.01],
    ]);
    expect([...lstsq(a, tensor([1, 1])).x.dataSync()].map(Math.round)).toEqual([1, 100]);
    const { x, rank, residuals } = lstsq(a, tensor([1, 1]), { rcond: 0.1 });
    expect([rank, ...x.dataSync(), residuals.item()]).toEqual([1, 1, 0, 1]);
    expect(lstsq(zeros([2, 2]), tensor([3, 4])).rank).toBe(0);
    expect(lstsq(zeros([2, 2]), tensor([3, 4])).residuals.item()).toBe(25);
  });

  it('refuses shapes that do not fit, an rcond out of range, numbers that are not finite, and traced input', () => {
    expect(() => lstsq(ones([1, 2, 2]), ones([2]))).toThrow(ShapeError);
    expect(() => lstsq(eye(2), ones([3]))).toThrow(
      'lstsq: expected b of shape [2] or [2, k], received [3] for a of [2, 2]',
    );
    expect(() => lstsq(eye(2), ones([2]), { rcond: -1 })).toThrow('rcond from 0 to 1');
    expect(() => lstsq(tensor([[NaN]]), ones([1]))).toThrow(LinAlgError);
    expect(() => jit((a: Tensor) => lstsq(a, ones([2])).x)(eye(2))).toThrow(TraceError);
  });
});
