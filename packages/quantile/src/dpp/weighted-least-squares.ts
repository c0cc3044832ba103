import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';
import { orthonormalColumns } from '../internal/orthonormal-columns.js';
import { toWeights } from '../internal/check-data.js';

export interface WeightedLeastSquaresOptions {
  /** `φ(x_i)` at the evaluated points, `[n, m]`. */
  readonly features: MatrixInput;
  /** `f(x_i)`, `[n]`. */
  readonly y: ArrayLike<number>;
  /** `w(x_i) ≥ 0`, `[n]`; default 1. */
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * Weighted least squares: `argmin_c Σ_i w_i (y_i - φ(x_i)·c)²`, by an orthogonal factorisation.
 *
 * @returns the coefficients, `[m]`
 * @throws {RangeError} for fewer points than features, dependent features (named), negative weights, non-finite values
 */
export function weightedLeastSquares(options: WeightedLeastSquaresOptions): Float64Array {
  const where = 'weightedLeastSquares';
  const { data, rows, columns } = toMatrix(where, 'features', options.features);
  const y = toVector(where, 'y', options.y, rows);
  if (columns === 0 || rows < columns)
    throw new RangeError(
      `${where}: features is [${rows}, ${columns}], expected at least as many rows as columns`,
    );
  const roots = toWeights(where, options.weights, rows).map(Math.sqrt);
  const scaled = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => roots[i]! * data[i * columns + j]!),
  );
  const target = y.map((value, i) => roots[i]! * value);
  const { basis, dependent } = orthonormalColumns(scaled);
  if (dependent >= 0)
    throw new RangeError(
      `${where}: feature ${dependent} is a combination of the features before it at these points`,
    );
  // Columns are Q R: c solves R c = Qᵀ target from the bottom up, with R_ij = q_i · column_j.
  const out = basis.map((unit) => dot(unit, target));
  for (let j = columns - 1; j >= 0; j--) {
    for (let k = j + 1; k < columns; k++) out[j]! -= dot(basis[j]!, scaled[k]!) * out[k]!;
    out[j]! /= dot(basis[j]!, scaled[j]!);
  }
  return Float64Array.from(out);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
