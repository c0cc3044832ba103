import { describe, expect, it } from 'vitest';
import {
  add,
  eigh,
  eye,
  grad,
  jit,
  jvp,
  key,
  lanczos,
  LinAlgError,
  matmul,
  mul,
  normal,
  qr,
  ShapeError,
  sum,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import { definite, deviation, diagonal, distance, expectClose, product } from './helpers.js';

const spectrum = Array.from({ length: 120 }, (_, i) => (i % 2 ? -1 : 1) * 0.9 ** i);
const basis = qr(normal(key(21), [120, 120])).q;
const x = tensor(
  Float32Array.from(product(matmul(basis, diagonal(tensor(spectrum))), transpose(basis))),
  [120, 120],
);
const symmetric = mul(add(x, transpose(x)), 0.5);

describe('lanczos', () => {
  it('finds both eigenvalues of [[2, 1], [1, 2]], by hand', () => {
    const { values, vectors, steps, method } = lanczos(
      tensor([
        [2, 1],
        [1, 2],
      ]),
      { key: key(1) },
    );
    const h = Math.SQRT1_2;
    expectClose(values, [3, 1], 1e-6);
    expectClose(
      vectors,
      [
        [h, h],
        [h, -h],
      ],
      1e-6,
    );
    expect([steps, method]).toEqual([2, 'lanczos']);
    expect([...lanczos(tensor([[-4]]), { key: key(1) }).values.dataSync()]).toEqual([-4]);
  });

  it.each([
    ['magnitude', [1, -0.9, 0.81, -0.729]],
    ['largest', [1, 0.81, 0.6561, 0.531441]],
    ['smallest', [-0.9, -0.729, -0.59049, -0.4782969]],
  ] as const)('finds the %s end of a known spectrum in a part of the steps', (which, wanted) => {
    const { values, vectors, residuals, steps } = lanczos(symmetric, { key: key(2), count: 4, which });
    expectClose(values, wanted, 1e-5);
    expect(steps).toBeLessThan(60);
    expect(deviation(vectors)).toBeLessThan(1e-5);
    expect(Math.max(...residuals)).toBeLessThanOrEqual(1e-4);
    const scaled = product(vectors, diagonal(values));
    expect(distance(product(symmetric, vectors), scaled)).toBeLessThan(2e-4);
  });

  it('takes a function, here a Hessian-vector product, and agrees with eigh', () => {
    const a = definite(3, 10);
    const loss = (v: Tensor): Tensor => mul(sum(mul(v, matmul(a, v))), 0.5);
    const at = zeros([10]);
    const hessian = jit((v: Tensor) => jvp(grad(loss), [at], [v])[1]);
    const { values } = lanczos(hessian, { key: key(4), size: 10, count: 3, which: 'largest' });
    expectClose(values, [...eigh(a).values.dataSync()].reverse().slice(0, 3), 1e-5);
  });

  it('finds all copies of a multiple eigenvalue once the Krylov space is exhausted', () => {
    const { values, vectors } = lanczos(diagonal(tensor([5, 5, 5, 2, 2, 1, 0, 0])), {
      key: key(5),
      count: 5,
      which: 'largest',
    });
    expectClose(values, [5, 5, 5, 2, 2], 1e-6);
    expect(deviation(vectors)).toBeLessThan(1e-6);
    expect([...lanczos(zeros([7, 7]), { key: key(1), count: 3 }).values.dataSync()]).toEqual([0, 0, 0]);
    expectClose(lanczos(eye(50), { key: key(1), count: 2 }).values, [1, 1], 1e-6);
  });

  it('gives the tridiagonal matrix, whose trace is that of the operator after all steps', () => {
    const a = definite(6, 12);
    const { diagonal: d, beside, steps } = lanczos(a, { key: key(7), count: 12 });
    expect([d.length, beside.length, steps]).toEqual([12, 11, 12]);
    const trace = [...a.dataSync()].reduce((total, v, p) => total + (p % 13 === 0 ? v : 0), 0);
    expect(d.reduce((total, v) => total + v, 0) / trace).toBeCloseTo(1, 5);
  });

  it('refuses what is not symmetric: a matrix by its entries, a function by its products', () => {
    const skew = tensor([
      [1, 2, 0],
      [0, 1, 1],
      [0, 0, 3],
    ]);
    expect(() => lanczos(skew, { key: key(1) })).toThrow(
      'lanczos: expected a symmetric matrix, received 0 at [1, 0] and 2',
    );
    const random = normal(key(8), [30, 30]);
    const run = (): unknown => lanczos((v) => matmul(random, v), { key: key(1), size: 30 });
    expect(run).toThrow(LinAlgError);
    expect(run).toThrow(/lanczos: expected a symmetric operator, received products with uᵀAv/);
  });

  it('says what it reached when the steps do not suffice', () => {
    const run = (): unknown => lanczos(symmetric, { key: key(2), count: 4, maxSteps: 6 });
    expect(run).toThrow(LinAlgError);
    expect(run).toThrow(/within 6 steps, received 0\.\d+; allow more steps/);
  });

  it('refuses options and shapes out of range, functions of other shapes, NaN and traced values', () => {
    expect(() => lanczos(zeros([2, 3]), { key: key(1) })).toThrow(ShapeError);
    expect(() => lanczos(eye(3), { key: key(1), count: 4 })).toThrow('a count of at most the size 3');
    expect(() => lanczos(eye(3), { key: key(1), tolerance: 0 })).toThrow('a tolerance above 0');
    expect(() => lanczos(eye(3), { key: key(1), which: 'middle' as 'largest' })).toThrow(
      'which to be largest',
    );
    expect(() => lanczos((v) => v, { key: key(1) })).toThrow('option `size`');
    expect(() => lanczos(eye(2), { key: eye(2) })).toThrow('lanczos: expected a random key');
    expect(() => lanczos(() => zeros([3]), { key: key(1), size: 4 })).toThrow(
      'a vector of shape [4], received shape [3]',
    );
    expect(() => lanczos((v) => mul(v, NaN), { key: key(1), size: 4 })).toThrow(
      'expected finite products, received NaN',
    );
    expect(() => lanczos('matrix' as unknown as Tensor, { key: key(1) })).toThrow('a matrix or a function');
    expect(() =>
      lanczos(
        tensor([
          [1, NaN],
          [NaN, 1],
        ]),
        { key: key(1) },
      ),
    ).toThrow('NaN at position [0, 1]');
    const inside = (y: Tensor): Tensor => lanczos((v) => mul(v, sum(y)), { key: key(1), size: 4 }).values;
    expect(() => grad((y: Tensor) => sum(inside(y)))(eye(2))).toThrow(TraceError);
  });
});
