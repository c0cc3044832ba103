import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { Tensor } from '../tensor/tensor.js';
import { type HostMatrix, readSymmetric, toTensor } from './host-matrix.js';
import { LinAlgError } from './lin-alg-error.js';

/**
 * The lower triangular `L` with a positive diagonal and `x = L · Lᵀ`, of a symmetric positive definite matrix `[n, n]` or of each
 * of a stack `[…, n, n]`. Computed by ml-matrix at every size, in float64 on the CPU, and rounded to float32.
 *
 * Both triangles are read: entries across the diagonal may differ by 1e-4 of the largest entry and are averaged.
 *
 * @returns `[…, n, n]`
 * @throws {ShapeError} when `x` is not square or is empty
 * @throws {LinAlgError} on NaN or infinities, when `x` is not symmetric, or not positive definite (the leading block is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function cholesky(x: Tensor): Tensor {
  const { batch, rows: n, items } = readSymmetric('cholesky', x);
  return toTensor('cholesky', items.map(lowerFactor), [...batch, n, n]);
}

function lowerFactor({ data, rows: n }: HostMatrix, index: number): number[] {
  const found = new CholeskyDecomposition(Matrix.from1DArray(n, n, data));
  const lower = found.lowerTriangularMatrix;
  const pivots = lower.diagonal();
  // In float64 a pivot that is nothing beside its diagonal entry is the rounding of zero.
  const bad = pivots.findIndex((pivot, j) => !(pivot * pivot > Math.max(0, n * 2 ** -52 * data[j * n + j])));
  if (bad >= 0) {
    throw new LinAlgError({
      where: 'cholesky',
      expected: 'a positive definite matrix',
      received: `one whose leading ${bad + 1} × ${bad + 1} block is not${index > 0 ? ` (matrix ${index} of the stack)` : ''}`,
      cure: 'add a small multiple of the identity if it should be',
    });
  }
  return lower.to1DArray();
}
