import { expect } from 'vitest';
import { key, matmul, normal, type Tensor, tensor, transpose } from '../../src/index.js';

/** Nested numbers of a golden file, flattened. */
export const flat = (value: unknown): number[] =>
  Array.isArray(value) ? value.flatMap(flat) : [value as number];

/** Every element within `tolerance` of the largest expected magnitude (at least `floor`). */
export function expectClose(received: Tensor, expected: unknown, tolerance: number, floor = 0): void {
  const got = [...received.dataSync()];
  const want = flat(expected);
  expect(got).toHaveLength(want.length);
  const scale = Math.max(floor, ...want.map(Math.abs));
  got.forEach((value, i) => {
    if (!(Math.abs(value - want[i]) <= tolerance * scale)) {
      expect.fail(
        `element ${i}: expected ${want[i]}, received ${value} (tolerance ${tolerance} of ${scale})`,
      );
    }
  });
}

/** What float32 rounding leaves of a float64 result: half a unit in the last place, and room for sums of a few. */
export const ROUNDING = 2e-7;

/** `a · b` in float64 of row-major float32 tensors of two axes. */
export function product(a: Tensor, b: Tensor): Float64Array {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const [x, y] = [a.dataSync(), b.dataSync()];
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      for (let j = 0; j < n; j++) out[i * n + j] += x[i * k + l] * y[l * n + j];
    }
  }
  return out;
}

/** The largest `|x - y|`. */
export function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  expect(x.length).toBe(y.length);
  let worst = 0;
  for (let i = 0; i < x.length; i++) worst = Math.max(worst, Math.abs(x[i] - y[i]));
  return worst;
}

/** The largest entry of `xᵀx - 1`: 0 for orthonormal columns. */
export function deviation(x: Tensor): number {
  const n = x.shape[1];
  return distance(
    product(transpose(x), x),
    Float64Array.from({ length: n * n }, (_, p) => Number(p % (n + 1) === 0)),
  );
}

/** The diagonal matrix of a vector. */
export function diagonal(s: Tensor): Tensor {
  const n = s.size;
  const values = new Float32Array(n * n);
  s.dataSync().forEach((value, i) => (values[i * (n + 1)] = value));
  return tensor(values, [n, n]);
}

/** The formula of the large golden inputs. */
export const patterned = (m: number, n: number): Tensor =>
  tensor(
    Float32Array.from({ length: m * n }, (_, p) => {
      const [i, j] = [Math.floor(p / n), p % n];
      return ((i * i * 7919 + j * 104729 + i * j * 31) % 1009) / 1009 - 0.5;
    }),
    [m, n],
  );

/** The n × n Hilbert matrix, whose condition number grows like e^3.5n. */
export const hilbert = (n: number): Tensor =>
  tensor(
    Float32Array.from({ length: n * n }, (_, p) => 1 / (Math.floor(p / n) + (p % n) + 1)),
    [n, n],
  );

/** A symmetric positive definite matrix. */
export function definite(seed: number, n: number): Tensor {
  const x = normal(key(seed), [n, 2 * n]);
  return matmul(x, transpose(x));
}
