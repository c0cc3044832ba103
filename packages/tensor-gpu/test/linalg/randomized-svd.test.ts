import { describe, expect, it } from 'vitest';
import {
  add,
  grad,
  key,
  LinAlgError,
  matmul,
  memory,
  mul,
  normal,
  qr,
  randomizedSvd,
  ShapeError,
  sum,
  svd,
  tensor,
  type Tensor,
  TraceError,
  transpose,
  zeros,
} from '../../src/index.js';
import { deviation, diagonal, distance, expectClose, product } from './helpers.js';

/** A matrix with given singular values and random vectors. */
function withSpectrum(m: number, n: number, s: readonly number[]): Tensor {
  const u = qr(normal(key(11), [m, s.length])).q;
  const v = qr(normal(key(12), [n, s.length])).q;
  return tensor(Float32Array.from(product(matmul(u, diagonal(tensor(s))), transpose(v))), [m, n]);
}

describe('randomizedSvd', () => {
  const low = withSpectrum(200, 120, [9, 5, 3, 1]);

  it('recovers a matrix of low rank', () => {
    const { u, s, vt, method } = randomizedSvd(low, 4, { key: key(1) });
    expect(method).toBe('randomized');
    expect([u.shape, s.shape, vt.shape]).toEqual([[200, 4], [4], [4, 120]]);
    expectClose(s, [9, 5, 3, 1], 1e-6);
    expect(distance(product(matmul(u, diagonal(s)), vt), low.dataSync())).toBeLessThan(1e-5);
    expect(deviation(u)).toBeLessThan(1e-5);
    expect(deviation(transpose(vt))).toBeLessThan(1e-5);
  });

  it('agrees with the exact decomposition, signs included, when the spectrum falls slowly', () => {
    const x = withSpectrum(
      150,
      180,
      Array.from({ length: 150 }, (_, i) => 0.9 ** i),
    );
    const exact = svd(x);
    const { u, s, vt } = randomizedSvd(x, 6, { key: key(2) });
    expectClose(s, [...exact.s.dataSync().slice(0, 6)], 1e-4);
    for (let c = 0; c < 6; c++) {
      const column = (t: Tensor, width: number): number[] =>
        Array.from({ length: 150 }, (_, i) => t.dataSync()[i * width + c]);
      expect(distance(column(u, 6), column(exact.u, 150))).toBeLessThan(2e-2);
    }
    expectClose(mul(vt, 1), [...exact.vt.dataSync().slice(0, 6 * 180)], 2e-2);
  });

  it('gains from power iterations', () => {
    const x = withSpectrum(
      150,
      180,
      Array.from({ length: 150 }, (_, i) => 1 / (1 + i / 10)),
    );
    const error = (iterations: number): number => {
      const { s } = randomizedSvd(x, 8, { key: key(3), oversampling: 2, iterations });
      return 1 / (1 + 7 / 10) - s.dataSync()[7];
    };
    expect(error(6)).toBeLessThan(error(0) / 4);
    expect(error(6)).toBeGreaterThan(-1e-5);
  });

  it('computes exactly, and says so, when the sketch would be half as wide as the matrix', () => {
    const x = normal(key(4), [30, 50]);
    const { s, method } = randomizedSvd(x, 5, { key: key(1) });
    expect(method).toBe('golub-kahan');
    expect([...s.dataSync()]).toEqual([...svd(x).s.dataSync().slice(0, 5)]);
    expect(randomizedSvd(normal(key(4), [20, 20]), 1, { key: key(1) }).method).toBe('ml-matrix');
    expect(randomizedSvd(normal(key(4), [30, 50]), 4, { key: key(1) }).method).toBe('randomized');
  });

  it('gives the same numbers for the same key and leaves no tensors behind', () => {
    const run = (): number[] => {
      const { u, s, vt } = randomizedSvd(low, 3, { key: key(5), iterations: 1 });
      const numbers = [...u.dataSync()];
      for (const t of [u, s, vt]) t.dispose();
      return numbers;
    };
    const first = run();
    const { buffers } = memory();
    expect(run()).toEqual(first);
    expect(memory().buffers).toBe(buffers);
  });

  it('refuses ranks and options out of range, other shapes, NaN, overflow and traced input', () => {
    const options = { key: key(1) };
    expect(() => randomizedSvd(low, 121, options)).toThrow(
      'randomizedSvd: expected a rank from 1 to 120, received 121',
    );
    expect(() => randomizedSvd(low, 0, options)).toThrow(ShapeError);
    expect(() => randomizedSvd(low, 2, { ...options, oversampling: -1 })).toThrow('a whole oversampling ≥ 0');
    expect(() => randomizedSvd(low, 2, { ...options, iterations: 1.5 })).toThrow('a whole iterations ≥ 0');
    expect(() => randomizedSvd(zeros([4]), 1, options)).toThrow(ShapeError);
    const bad = zeros([100, 100]).dataSync();
    bad[203] = NaN;
    expect(() => randomizedSvd(tensor(bad as Float32Array, [100, 100]), 1, options)).toThrow(
      'received NaN at position [2, 3]',
    );
    expect(() => randomizedSvd(mul(add(zeros([100, 100]), 1), 3e38), 1, options)).toThrow(LinAlgError);
    expect(() => grad((x: Tensor) => sum(randomizedSvd(x, 2, options).s))(low)).toThrow(TraceError);
  });
});
