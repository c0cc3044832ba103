import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { columnSign, pickColumns } from './orientation.js';
import { ColumnRotations } from './rotations.js';
import { SMALL } from './thin-svd.js';
import { diagonalizeTridiagonal } from './tridiagonal-qr.js';
import { tridiagonalize } from './tridiagonalize.js';

export type EighMethod = 'ml-matrix' | 'tridiagonal-qr';

/** `x = vectors · diag(values) · vectorsᵀ` in float64. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** `n × n`, row-major: eigenvectors are columns. */
  readonly vectors: Float64Array;
  readonly method: EighMethod;
}

/** Eigenvalues and eigenvectors of a finite symmetric row-major `n × n` matrix. */
export function symmetricEigen(where: string, data: Float64Array, n: number): SymmetricEigen {
  if (n <= SMALL) {
    const found = new EigenvalueDecomposition(Matrix.from1DArray(n, n, data), { assumeSymmetric: true });
    const vectors = Float64Array.from(found.eigenvectorMatrix.to1DArray());
    return orient(Float64Array.from(found.realEigenvalues), vectors, 'ml-matrix');
  }
  const { diagonal, beside, basis } = tridiagonalize(data.slice(), n);
  diagonalizeTridiagonal(where, diagonal, beside, new ColumnRotations(basis, n, n));
  return orient(diagonal, basis, 'tridiagonal-qr');
}

/** As {@link symmetricEigen} for a symmetric tridiagonal matrix. */
export function tridiagonalEigen(
  where: string,
  diagonal: Float64Array,
  beside: Float64Array,
): SymmetricEigen {
  const n = diagonal.length;
  const values = diagonal.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  diagonalizeTridiagonal(where, values, beside.slice(), new ColumnRotations(vectors, n, n));
  return orient(values, vectors, 'tridiagonal-qr');
}

function orient(values: Float64Array, vectors: Float64Array, method: EighMethod): SymmetricEigen {
  const n = values.length;
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
  const signs = order.map((c) => columnSign(vectors, n, n, c));
  return {
    values: Float64Array.from(order, (c) => values[c]),
    vectors: pickColumns(vectors, n, n, order, signs),
    method,
  };
}
