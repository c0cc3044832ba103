import { columnSums, reflect, rowSums, subtractTwoOuters } from './householder.js';
import { formFromRows, formQ } from './householder-qr.js';

/** Rows that stay in the cache between the two passes of an update. */
const CHUNK = 16;

/** `x = left · B · rightᵀ` with B upper bidiagonal: `diagonal` on, `above` over the diagonal. */
export interface Bidiagonal {
  readonly diagonal: Float64Array;
  readonly above: Float64Array;
  /** `rows × n`, orthonormal columns. */
  readonly left: Float64Array;
  /** `n × n`, orthogonal. */
  readonly right: Float64Array;
}

/**
 * Householder bidiagonalisation of a row-major `rows × n` matrix with `rows ≥ n`; `a` is overwritten.
 *
 * @see Golub & Kahan 1965, "Calculating the singular values and pseudo-inverse of a matrix"
 */
export function bidiagonalize(a: Float64Array, rows: number, n: number): Bidiagonal {
  const diagonal = new Float64Array(n);
  const above = new Float64Array(Math.max(0, n - 1));
  const leftTaus = new Float64Array(n);
  const rightTaus = new Float64Array(n);
  const [v, p, q] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const [w, u] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    [diagonal[k], leftTaus[k]] = reflect(a, k * n + k, n, rows - k);
    if (k === n - 1) break;
    const tau = leftTaus[k];
    v[k] = 1;
    for (let i = k + 1; i < rows; i++) v[i] = a[i * n + k];
    columnSums(a, { stride: n, top: k, bottom: rows, left: k + 1, right: n }, v, w);
    for (let j = k + 1; j < n; j++) a[k * n + j] -= tau * w[j];
    [above[k], rightTaus[k]] = reflect(a, k * n + k + 1, 1, n - k - 1);
    u[k + 1] = 1;
    for (let j = k + 2; j < n; j++) u[j] = a[k * n + j];
    let wu = 0;
    for (let j = k + 1; j < n; j++) wu += w[j] * u[j];
    for (let top = k + 1; top < rows; top += CHUNK) {
      const block = { stride: n, top, bottom: Math.min(top + CHUNK, rows), left: k + 1, right: n };
      rowSums(a, block, u, q);
      for (let i = top; i < block.bottom; i++) {
        p[i] = tau * v[i];
        q[i] = rightTaus[k] * (q[i] - p[i] * wu);
      }
      subtractTwoOuters(a, block, p, w, q, u);
    }
  }
  return { diagonal, above, left: formQ(a, rows, n, leftTaus, n), right: formFromRows(a, n, rightTaus) };
}
