import type { Tensor } from '../tensor/tensor.js';
import { type EighMethod, symmetricEigen } from './dense/symmetric-eigen.js';
import { readSymmetric, toTensor } from './host-matrix.js';

/** `x = vectors · diag(values) · vectorsᵀ`. */
export interface EighResult {
  /** `[…, n]`, ascending. */
  readonly values: Tensor;
  /** `[…, n, n]`: eigenvectors are columns, orthonormal. */
  readonly vectors: Tensor;
  /** What computed it: `ml-matrix` up to 32 rows, our `tridiagonal-qr` above. */
  readonly method: EighMethod;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix `[n, n]`, or of each of a stack `[…, n, n]`, computed in float64 on the CPU
 * and rounded to float32.
 *
 * Both triangles are read: entries across the diagonal may differ by 1e-4 of the largest entry and are averaged; more is refused.
 * (NumPy reads one triangle and takes it on trust.) Signs are fixed: in each eigenvector the first of the largest entries
 * (within 0.1 %) is positive.
 *
 * @throws {ShapeError} when `x` is not square or is empty
 * @throws {LinAlgError} on NaN or infinities, or when `x` is not symmetric (the position is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function eigh(x: Tensor): EighResult {
  const { batch, rows: n, items } = readSymmetric('eigh', x);
  const found = items.map(({ data }) => symmetricEigen('eigh', data, n));
  return {
    values: toTensor(
      'eigh',
      found.map(({ values }) => values),
      [...batch, n],
    ),
    vectors: toTensor(
      'eigh',
      found.map(({ vectors }) => vectors),
      [...batch, n, n],
    ),
    method: found[0].method,
  };
}
