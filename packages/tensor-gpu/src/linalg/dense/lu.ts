import { LuDecomposition, Matrix } from 'ml-matrix';
import type { HostMatrix } from '../host-matrix.js';
import { LinAlgError } from '../lin-alg-error.js';
import { columnSums } from './householder.js';

/** Columns of a right side solved together: their rows stay in the cache. */
const SLAB = 128;

/** A square matrix with its rows scaled to a largest entry of 1, factored: row `order[i]` of it is row `i` of `lower · upper`. */
export interface HostLu {
  readonly size: number;
  /** Row-major, ones on the diagonal. */
  readonly lower: Float64Array;
  /** Row-major. */
  readonly upper: Float64Array;
  readonly order: readonly number[];
  /** What each row was divided by; 1 for a row of zeros. */
  readonly scales: Float64Array;
  /** The first pivot that is zero or nothing beside its column; -1 when there is none. */
  readonly singularAt: number;
}

/** LU decomposition with partial pivoting through ml-matrix, after scaling the rows. */
export function factorLu({ data, rows: n }: HostMatrix): HostLu {
  const scales = new Float64Array(n);
  const columns = new Float64Array(n);
  const scaled = data.slice();
  for (let i = 0; i < n; i++) {
    const row = scaled.subarray(i * n, (i + 1) * n);
    scales[i] = row.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    for (let j = 0; j < n; j++) {
      row[j] /= scales[i];
      columns[j] = Math.max(columns[j], Math.abs(row[j]));
    }
  }
  const found = new LuDecomposition(Matrix.from1DArray(n, n, scaled));
  const upper = Float64Array.from(found.upperTriangularMatrix.to1DArray());
  return {
    size: n,
    lower: Float64Array.from(found.lowerTriangularMatrix.to1DArray()),
    upper,
    order: Array.from(found.pivotPermutationVector),
    scales,
    singularAt: columns.findIndex((largest, j) => !(Math.abs(upper[j * n + j]) > n * 2 ** -52 * largest)),
  };
}

/**
 * Solves for every column of `b`.
 *
 * @param index - the place in a stack, for the message
 * @throws {LinAlgError} when the matrix is singular to working precision
 */
export function solveLu(where: string, lu: HostLu, b: HostMatrix, index: number): Float64Array {
  if (lu.singularAt >= 0) {
    throw new LinAlgError({
      where,
      expected: 'an invertible matrix',
      received: `one that is singular to float64 precision (pivot ${lu.singularAt}${index > 0 ? `, matrix ${index} of the stack` : ''})`,
      cure: 'use lstsq() for the solution of least norm',
    });
  }
  const { data, columns } = b;
  const out = new Float64Array(data.length);
  for (let left = 0; left < columns; left += SLAB) {
    const width = Math.min(SLAB, columns - left);
    const x = new Float64Array(lu.size * width);
    lu.order.forEach((from, i) => {
      for (let j = 0; j < width; j++) x[i * width + j] = data[from * columns + left + j] / lu.scales[from];
    });
    substitute(lu, x, width);
    for (let i = 0; i < lu.size; i++) out.set(x.subarray(i * width, (i + 1) * width), i * columns + left);
  }
  return out;
}

/** `x ← U⁻¹ L⁻¹ x` in place, row by row. */
function substitute({ size: n, lower, upper }: HostLu, x: Float64Array, width: number): void {
  const sums = new Float64Array(width);
  for (let i = 0; i < n; i++) {
    const row = lower.subarray(i * n, (i + 1) * n);
    columnSums(x, { stride: width, top: 0, bottom: i, left: 0, right: width }, row, sums);
    for (let j = 0; j < width; j++) x[i * width + j] -= sums[j];
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = upper.subarray(i * n, (i + 1) * n);
    columnSums(x, { stride: width, top: i + 1, bottom: n, left: 0, right: width }, row, sums);
    for (let j = 0; j < width; j++) x[i * width + j] = (x[i * width + j] - sums[j]) / row[i];
  }
}
