import { factorQr, formQ } from './householder-qr.js';
import { columnSign } from './orientation.js';

/**
 * Adds columns to a row-major `rows × columns` matrix of orthonormal columns until there are `width`, all orthonormal. The first
 * of the largest entries of each new column is positive.
 */
export function completeColumns(x: Float64Array, rows: number, columns: number, width: number): Float64Array {
  if (width === columns) return x;
  const a = x.slice();
  const q = formQ(a, rows, columns, factorQr(a, rows, columns), width);
  const signs = Array.from({ length: width }, (_, j) => (j < columns ? 1 : columnSign(q, rows, width, j)));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      q[i * width + j] = j < columns ? x[i * columns + j] : signs[j] * q[i * width + j];
    }
  }
  return q;
}
