import * as t from '../../../src/index.js';
import { exactly, float, type Input } from '../inputs.js';
import { at, build, type Nd, nd, zip } from '../reference/nd.js';
import { erf } from '../reference/special.js';
import { stream } from '../reference/threefry.js';
import { type Row, row } from '../row.js';

/**
 * Computed in float64 on the host, whatever the backend, so these rows say little more than that tensors of every backend go in
 * and come out; `test/linalg` goes deeper.
 */
const host = { concrete: true, rough: true, unbatched: true } as const;

/** `AᵀA + I` of a random A. */
const definite = (n: number): Input => ({
  shape: [n, n],
  dtype: 'float32',
  values: (random) => {
    const a = nd(
      [n, n],
      Array.from({ length: n * n }, () => 2 * random() - 1),
    );
    const product = build([n, n], ([i, j]) => {
      let sum = Number(i === j);
      for (let k = 0; k < n; k++) sum += at(a, [k, i]) * at(a, [k, j]);
      return sum;
    });
    return [...product.data];
  },
});
const identity = (n: number): Nd => build([n, n], ([i, j]) => Number(i === j));
const flat = (shape: readonly number[], value: number): Nd => build(shape, () => value);

/** Laplace's expansion along the first row. */
function determinant(x: Nd): number {
  const [n] = x.shape;
  if (n === 0) return 1;
  let sum = 0;
  for (let column = 0; column < n; column++) {
    const minor = build([n - 1, n - 1], ([i, j]) => at(x, [i + 1, j < column ? j : j + 1]));
    sum += (column % 2 ? -1 : 1) * at(x, [0, column]) * determinant(minor);
  }
  return sum;
}
/** The factor, column by column. */
function lower(x: Nd): Nd {
  const [n] = x.shape;
  const l = nd([n, n], new Float64Array(n * n));
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let rest = at(x, [i, j]);
      for (let k = 0; k < j; k++) rest -= at(l, [i, k]) * at(l, [j, k]);
      l.data[i * n + j] = i === j ? Math.sqrt(rest) : rest / at(l, [j, j]);
    }
  }
  return l;
}
/** The line through points by least squares. */
function line(a: Nd, b: Nd): Nd {
  const sum = (f: (i: number) => number): number =>
    Array.from(b.data, (_, i) => f(i)).reduce((x, y) => x + y, 0);
  const [x, y] = [(i: number): number => at(a, [i, 0]), (i: number): number => at(a, [i, 1])];
  const [xx, xy, yy] = [sum((i) => x(i) ** 2), sum((i) => x(i) * y(i)), sum((i) => y(i) ** 2)];
  const [xb, yb] = [sum((i) => x(i) * b.data[i]), sum((i) => y(i) * b.data[i])];
  const d = xx * yy - xy * xy;
  return nd([2], [(yy * xb - xy * yb) / d, (xx * yb - xy * xb) / d]);
}

const seed = t.key(5);
const decompositions: readonly Row[] = [
  row('cholesky', 'of a positive definite matrix', [definite(4)], (x) => t.cholesky(x), lower, {
    ...host,
    scale: () => flat([4, 4], 3),
  }),
  row(
    'det',
    'of a matrix',
    [float([4, 4])],
    (x) => t.det(x),
    (x) => nd([], [determinant(x)]),
    { ...host, scale: () => nd([], [10]) },
  ),
  row(
    'eigh',
    'multiplies back',
    [definite(4)],
    (x) => {
      const { values, vectors } = t.eigh(x);
      return t.matmul(t.mul(vectors, values), t.transpose(vectors));
    },
    (x) => x,
    { ...host, scale: () => flat([4, 4], 5) },
  ),
  row(
    'qr',
    'multiplies back, with orthonormal columns',
    [float([5, 3])],
    (x) => {
      const { q, r } = t.qr(x);
      return [t.matmul(q, r), t.matmul(t.transpose(q), q)];
    },
    (x) => [x, identity(3)],
    { ...host, scale: () => [flat([5, 3], 5), flat([3, 3], 1)] },
  ),
  row(
    'svd',
    'multiplies back',
    [float([5, 3])],
    (x) => {
      const { u, s, vt } = t.svd(x);
      return t.matmul(t.mul(u, s), vt);
    },
    (x) => x,
    { ...host, scale: () => flat([5, 3], 5) },
  ),
  row(
    'randomizedSvd',
    'finds a matrix of rank one',
    [float([30, 1]), float([1, 25])],
    (a, b) => {
      const { u, s, vt } = t.randomizedSvd(t.matmul(a, b), 1, { key: seed, oversampling: 2 });
      return t.matmul(t.mul(u, s), vt);
    },
    (a, b) => zip((x, y) => x * y, a, b),
    { ...host, scale: () => flat([30, 25], 4) },
  ),
];
const systems: readonly Row[] = [
  row(
    'inv',
    'times the matrix is the identity',
    [definite(4)],
    (x) => t.matmul(t.inv(x), x),
    () => identity(4),
    { ...host, scale: () => flat([4, 4], 10) },
  ),
  row(
    'solve',
    'gives what multiplies to the right side',
    [definite(4), float([4, 2])],
    (a, b) => t.matmul(a, t.solve(a, b)),
    (_, b) => b,
    { ...host, scale: () => flat([4, 2], 10) },
  ),
  row('lstsq', 'fits a plane through points', [float([6, 2]), float([6])], (a, b) => t.lstsq(a, b).x, line, {
    ...host,
    scale: () => flat([2], 4),
  }),
  row(
    'conjugateGradient',
    'gives what multiplies to the right side',
    [definite(4), float([4])],
    (a, b) => t.matmul(a, t.conjugateGradient(a, b, { tolerance: 1e-6 }).x),
    (_, b) => b,
    { ...host, scale: () => flat([4], 10) },
  ),
  row(
    'lanczos',
    'finds the ends of a diagonal',
    [exactly([4, -1, 7, 2])],
    (d) => t.lanczos(t.mul(t.eye(4), d), { key: seed, count: 2, which: 'largest', tolerance: 1e-6 }).values,
    () => nd([2], [7, 4]),
    host,
  ),
  row(
    'powerIteration',
    'finds the largest of a diagonal',
    [exactly([4, -1, -9, 2])],
    (d) => {
      const { value, vector } = t.powerIteration(t.mul(t.eye(4), d), { key: seed, tolerance: 1e-6 });
      return t.mul(vector, value);
    },
    () => nd([4], [0, 0, -9, 0]),
    { ...host, scale: () => flat([4], 9) },
  ),
];

const key: Input = {
  shape: [2],
  dtype: 'int32',
  values: (random) => [0, 0].map(() => Math.floor(random() * 2 ** 32) | 0),
};
const probability = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
function quantile(p: number): number {
  let [low, high] = [-9, 9];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (probability(middle) < p) low = middle;
    else high = middle;
  }
  return low;
}
const truncated = (k: Nd, n: number, low: number, high: number): Nd => {
  const words = stream([k.data[0] >>> 0, k.data[1] >>> 0], 2 * n).map((w) => (w >>> 8) / 2 ** 24);
  const between = (u: number): number => probability(low) + u * (probability(high) - probability(low));
  return nd(
    [n],
    Array.from({ length: n }, (_, i) => quantile(between(words[2 * i] + words[2 * i + 1] / 2 ** 24))),
  );
};
const draws: readonly Row[] = [
  row(
    'orthogonal',
    'has orthonormal columns',
    [key],
    (k) => {
      const q = t.orthogonal(k, [5, 3]);
      return t.matmul(t.transpose(q), q);
    },
    () => identity(3),
    { ...host, scale: () => flat([3, 3], 1) },
  ),
  row(
    'truncatedNormal',
    'inverts the distribution function',
    [key],
    (k) => t.truncatedNormal(k, [40], -1, 2),
    (k) => truncated(k, 40, -1, 2),
    { rough: true, scale: () => flat([40], 1) },
  ),
];

export const linearAlgebraCases: readonly Row[] = [...decompositions, ...systems, ...draws];
