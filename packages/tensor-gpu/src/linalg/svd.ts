import type { Tensor } from '../tensor/tensor.js';
import { completeColumns } from './dense/complete-columns.js';
import { type SvdMethod, type ThinSvd, thinSvd } from './dense/thin-svd.js';
import { transposed } from './dense/transpose.js';
import { readMatrices, toTensor } from './host-matrix.js';

export interface SvdOptions {
  /** Also give the vectors of the null spaces, so that `u` and `vt` are square. Default: false. */
  readonly fullMatrices?: boolean;
}

/** `x = u · diag(s) · vt`. */
export interface SvdResult {
  /** `[…, m, k]` with `k = min(m, n)`; `[…, m, m]` with `fullMatrices`. */
  readonly u: Tensor;
  /** `[…, k]`, descending, ≥ 0. */
  readonly s: Tensor;
  /** `[…, k, n]`; `[…, n, n]` with `fullMatrices`. */
  readonly vt: Tensor;
  /** What computed it: `ml-matrix` up to 32 rows and columns, our `golub-kahan` above. */
  readonly method: SvdMethod;
}

/**
 * Singular value decomposition `x = u · diag(s) · vt` of a matrix `[m, n]` or of each of a stack `[…, m, n]`, computed in
 * float64 on the CPU and rounded to float32.
 *
 * Singular values are good to about 1e-7 of the largest, columns of `u` and rows of `vt` orthonormal to the same. Signs are
 * fixed: in each column of `u` the first of the largest entries (within 0.1 %) is positive. A 1024 × 1024 matrix takes seconds,
 * during which the thread is busy, and the time grows with the cube of the size; for the first few vectors of a large matrix use
 * `randomizedSvd`.
 *
 * @throws {ShapeError} when `x` is not a matrix or is empty
 * @throws {LinAlgError} on NaN or infinities (the position is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 * @see Golub & Reinsch 1970, "Singular value decomposition and least squares solutions"
 */
export function svd(x: Tensor, { fullMatrices = false }: SvdOptions = {}): SvdResult {
  const { batch, rows: m, columns: n, items } = readMatrices('svd', x);
  const k = Math.min(m, n);
  const found = items.map((item) => thinSvd('svd', item));
  const [left, right] = fullMatrices ? [m, n] : [k, k];
  return {
    u: toTensor(
      'svd',
      found.map(({ u }) => completeColumns(u, m, k, left)),
      [...batch, m, left],
    ),
    s: toTensor(
      'svd',
      found.map(({ s }) => s),
      [...batch, k],
    ),
    vt: toTensor(
      'svd',
      found.map(({ v }) => rightRows(v, n, k, right)),
      [...batch, right, n],
    ),
    method: found[0].method,
  };
}

const rightRows = (v: ThinSvd['v'], n: number, k: number, width: number): Float64Array =>
  transposed(completeColumns(v, n, k, width), n, width);
