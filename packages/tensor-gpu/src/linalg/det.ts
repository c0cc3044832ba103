import { LuDecomposition, Matrix } from 'ml-matrix';
import type { Tensor } from '../tensor/tensor.js';
import { readMatrices, toTensor } from './host-matrix.js';

/**
 * The determinant of a square matrix `[n, n]`, or of each of a stack `[…, n, n]`, as the product of the pivots of ml-matrix's LU
 * decomposition in float64, rounded to float32 (below 1e-45 that is 0). For the logarithm of a large positive definite matrix
 * take twice the sum of the logarithms on the diagonal of `cholesky`.
 *
 * @returns `[…]`
 * @throws {ShapeError} when `x` is not square or is empty
 * @throws {LinAlgError} on NaN or infinities (the position is named), or when the result is too large for float32
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function det(x: Tensor): Tensor {
  const { batch, rows: n, items } = readMatrices('det', x, { square: true });
  const values = items.map(({ data }) => new LuDecomposition(Matrix.from1DArray(n, n, data)).determinant);
  return toTensor('det', [values], batch);
}
