import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import type { HostMatrix } from '../host-matrix.js';
import { diagonalizeBidiagonal } from './bidiagonal-qr.js';
import { bidiagonalize } from './bidiagonalize.js';
import { applyQ, factorQr } from './householder-qr.js';
import { columnSign, pickColumns } from './orientation.js';
import { ColumnRotations } from './rotations.js';
import { transposed } from './transpose.js';

/** Up to this many rows and columns a decomposition goes through ml-matrix; above, our flat arrays are faster. */
export const SMALL = 32;

/** From this ratio of rows to columns on, a QR first saves more than it costs. */
const TALL = 1.6;

/** What computed a decomposition: ml-matrix, or our blocked loops. All in float64 on the CPU. */
export type SvdMethod = 'ml-matrix' | 'golub-kahan';

/** `x = u · diag(s) · vᵀ` in float64, `k = min(rows, columns)`. */
export interface ThinSvd {
  /** `rows × k`, row-major. */
  readonly u: Float64Array;
  /** Descending. */
  readonly s: Float64Array;
  /** `columns × k`, row-major. */
  readonly v: Float64Array;
  readonly method: SvdMethod;
}

/** Factors in any order and with any signs; `s` may be negative. */
type Factors = Omit<ThinSvd, 'method'>;

/** The thin singular value decomposition of a finite matrix. */
export function thinSvd(where: string, x: HostMatrix): ThinSvd {
  const { data, rows, columns } = x;
  if (rows < columns) {
    const { u, s, v, method } = tallSvd(where, {
      data: transposed(data, rows, columns),
      rows: columns,
      columns: rows,
    });
    return orient(v, u, s, rows, columns, method);
  }
  const { u, s, v, method } = tallSvd(where, x);
  return orient(u, v, s, rows, columns, method);
}

function tallSvd(where: string, x: HostMatrix): ThinSvd {
  if (x.rows <= SMALL) return { ...throughLibrary(x), method: 'ml-matrix' };
  return { ...throughBidiagonal(where, x), method: 'golub-kahan' };
}

function throughLibrary({ data, rows, columns }: HostMatrix): Factors {
  const found = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, data));
  return {
    u: Float64Array.from(found.leftSingularVectors.to1DArray()),
    s: Float64Array.from(found.diagonal),
    v: Float64Array.from(found.rightSingularVectors.to1DArray()),
  };
}

function throughBidiagonal(where: string, { data, rows, columns: n }: HostMatrix): Factors {
  const a = data.slice();
  if (rows < TALL * n) {
    const { diagonal, above, left, right } = bidiagonalize(a, rows, n);
    rotate(where, diagonal, above, left, rows, right, n);
    return { u: left, s: diagonal, v: right };
  }
  const taus = factorQr(a, rows, n);
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[i * n + j] = a[i * n + j];
  const { diagonal, above, left, right } = bidiagonalize(r, n, n);
  rotate(where, diagonal, above, left, n, right, n);
  const u = new Float64Array(rows * n);
  u.set(left);
  applyQ(a, rows, n, taus, u, n, false);
  return { u, s: diagonal, v: right };
}

function rotate(
  where: string,
  diagonal: Float64Array,
  above: Float64Array,
  left: Float64Array,
  rows: number,
  right: Float64Array,
  n: number,
): void {
  const rotations = [new ColumnRotations(left, rows, n), new ColumnRotations(right, n, n)] as const;
  diagonalizeBidiagonal(where, diagonal, above, ...rotations);
}

/** Positive singular values in descending order; the first of the largest entries of each left vector is positive. */
function orient(
  u: Float64Array,
  v: Float64Array,
  s: Float64Array,
  rows: number,
  columns: number,
  method: SvdMethod,
): ThinSvd {
  const k = s.length;
  const order = Array.from(s.keys()).sort((a, b) => Math.abs(s[b]) - Math.abs(s[a]) || a - b);
  const left = order.map((c) => columnSign(u, rows, k, c));
  const right = order.map((c, i) => (s[c] < 0 ? -left[i] : left[i]));
  return {
    u: pickColumns(u, rows, k, order, left),
    s: Float64Array.from(order, (c) => Math.abs(s[c])),
    v: pickColumns(v, columns, k, order, right),
    method,
  };
}
