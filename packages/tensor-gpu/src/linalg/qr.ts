import type { Tensor } from '../tensor/tensor.js';
import { hostQr } from './dense/thin-qr.js';
import { readMatrices, toTensor } from './host-matrix.js';

export interface QrOptions {
  /** Give all `m` columns of `q`, and `r` with its rows of zeros. Default: false. */
  readonly fullMatrices?: boolean;
}

/** `x = q · r`. */
export interface QrResult {
  /** `[…, m, k]` with `k = min(m, n)`, orthonormal columns; `[…, m, m]` with `fullMatrices`. */
  readonly q: Tensor;
  /** `[…, k, n]`, upper triangular with a diagonal ≥ 0; `[…, m, n]` with `fullMatrices`. */
  readonly r: Tensor;
  /** What computed it: always our own Householder reflections (ml-matrix has neither wide matrices nor a full Q). */
  readonly method: 'householder';
}

/**
 * QR decomposition `x = q · r` of a matrix `[m, n]` or of each of a stack `[…, m, n]`, computed in float64 on the CPU and rounded
 * to float32. The diagonal of `r` is ≥ 0, which makes the result unique for matrices of full column rank. (NumPy and torch leave
 * these signs to LAPACK.)
 *
 * @throws {ShapeError} when `x` is not a matrix or is empty
 * @throws {LinAlgError} on NaN or infinities (the position is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function qr(x: Tensor, { fullMatrices = false }: QrOptions = {}): QrResult {
  const { batch, rows: m, columns: n, items } = readMatrices('qr', x);
  const width = fullMatrices ? m : Math.min(m, n);
  const found = items.map((item) => hostQr(item, width));
  return {
    q: toTensor(
      'qr',
      found.map(({ q }) => q),
      [...batch, m, width],
    ),
    r: toTensor(
      'qr',
      found.map(({ r }) => r),
      [...batch, width, n],
    ),
    method: 'householder',
  };
}
