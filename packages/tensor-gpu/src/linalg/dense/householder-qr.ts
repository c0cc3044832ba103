import { columnSums, reflect, subtractOuter } from './householder.js';

/**
 * Householder QR of a row-major `rows × columns` matrix, in place: R stays on and above the diagonal, reflector `k` below it in
 * column `k` (its leading 1 is not stored). Returns the factors `tau`.
 */
export function factorQr(a: Float64Array, rows: number, columns: number): Float64Array {
  const count = Math.min(rows, columns);
  const taus = new Float64Array(count);
  const v = new Float64Array(rows);
  const w = new Float64Array(columns);
  for (let k = 0; k < count; k++) {
    const [beta, tau] = reflect(a, k * columns + k, columns, rows - k);
    a[k * columns + k] = beta;
    taus[k] = tau;
    if (tau === 0) continue;
    v[k] = 1;
    for (let i = k + 1; i < rows; i++) v[i] = a[i * columns + k];
    const block = { stride: columns, top: k, bottom: rows, left: k + 1, right: columns };
    columnSums(a, block, v, w);
    subtractOuter(a, block, tau, v, w);
  }
  return taus;
}

/**
 * `x = Q x` in place, with Q as {@link factorQr} (or the left side of a bidiagonalisation) left it in `a`.
 *
 * @param width - columns of `x`, which has as many rows as `a`
 * @param identity - `x` is the identity's first columns: what is known to be zero is skipped
 */
export function applyQ(
  a: Float64Array,
  rows: number,
  columns: number,
  taus: Float64Array,
  x: Float64Array,
  width: number,
  identity: boolean,
): void {
  const v = new Float64Array(rows);
  const w = new Float64Array(width);
  for (let k = taus.length - 1; k >= 0; k--) {
    if (taus[k] === 0) continue;
    v[k] = 1;
    for (let i = k + 1; i < rows; i++) v[i] = a[i * columns + k];
    const block = {
      stride: width,
      top: k,
      bottom: rows,
      left: identity ? Math.min(k, width) : 0,
      right: width,
    };
    columnSums(x, block, v, w);
    subtractOuter(x, block, taus[k], v, w);
  }
}

/** The first `width` columns of the `size × size` identity. */
export function identity(size: number, width = size): Float64Array {
  const x = new Float64Array(size * width);
  for (let i = 0; i < Math.min(size, width); i++) x[i * width + i] = 1;
  return x;
}

/** The first `width` columns of Q, of a matrix factored by {@link factorQr}. */
export function formQ(
  a: Float64Array,
  rows: number,
  columns: number,
  taus: Float64Array,
  width: number,
): Float64Array {
  const q = identity(rows, width);
  applyQ(a, rows, columns, taus, q, width, true);
  return q;
}

/**
 * The product of reflectors that start one past the diagonal and lie in rows `0 … n - 2` of `a`: the right side of a
 * bidiagonalisation, or the basis of a tridiagonalisation. Gives an `n × n` orthogonal matrix.
 */
export function formFromRows(a: Float64Array, n: number, taus: Float64Array): Float64Array {
  const q = identity(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = n - 2; k >= 0; k--) {
    if (taus[k] === 0) continue;
    v[k + 1] = 1;
    for (let j = k + 2; j < n; j++) v[j] = a[k * n + j];
    const block = { stride: n, top: k + 1, bottom: n, left: k + 1, right: n };
    columnSums(q, block, v, w);
    subtractOuter(q, block, taus[k], v, w);
  }
  return q;
}
