import type { HostMatrix } from '../host-matrix.js';
import { factorQr, formQ } from './householder-qr.js';

/** `x = q · r` in float64. */
export interface HostQr {
  /** `rows × width`, orthonormal columns. */
  readonly q: Float64Array;
  /** `width × columns`, upper triangular with a diagonal ≥ 0. */
  readonly r: Float64Array;
}

/** Householder QR with `width` columns of Q, from `min(rows, columns)` to `rows`. */
export function hostQr({ data, rows, columns }: HostMatrix, width = Math.min(rows, columns)): HostQr {
  const a = data.slice();
  const taus = factorQr(a, rows, columns);
  const q = formQ(a, rows, columns, taus, width);
  const r = new Float64Array(width * columns);
  for (let i = 0; i < Math.min(width, columns); i++) {
    const sign = a[i * columns + i] < 0 ? -1 : 1;
    for (let j = i; j < columns; j++) r[i * columns + j] = sign * a[i * columns + j];
    if (sign < 0) for (let k = 0; k < rows; k++) q[k * width + i] = -q[k * width + i];
  }
  return { q, r };
}
