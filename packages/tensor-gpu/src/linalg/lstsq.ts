import { ShapeError } from '../errors.js';
import { showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type SvdMethod, thinSvd } from './dense/thin-svd.js';
import { readFinite, readMatrices, toTensor } from './host-matrix.js';

export interface LstsqOptions {
  /**
   * Singular values at or below this share of the largest count as zero; from 0 to 1. Default: `max(m, n) · 2^-23`, the precision
   * of float32 input.
   */
  readonly rcond?: number;
}

export interface LstsqResult {
  /** `[n]` or `[n, k]`. */
  readonly x: Tensor;
  /** `‖a·x - b‖²` per right side: a scalar or `[k]`. (NumPy leaves it out when `a` is rank-deficient or square.) */
  readonly residuals: Tensor;
  /** How many singular values count. */
  readonly rank: number;
  /** All `min(m, n)` of them, descending. */
  readonly singularValues: Tensor;
  /** What computed the singular value decomposition, as in `svd`. */
  readonly method: SvdMethod;
}

/**
 * The `x` of least norm among those that minimise `‖a·x - b‖`, for `a` `[m, n]` of any rank and `b` `[m]` or `[m, k]`. Through
 * the singular value decomposition in float64 on the CPU, rounded to float32.
 *
 * @throws {ShapeError} when the shapes do not fit or are empty, or `rcond` is out of range
 * @throws {LinAlgError} on NaN or infinities (the position is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function lstsq(a: Tensor, b: Tensor, { rcond }: LstsqOptions = {}): LstsqResult {
  const [matrix] = readMatrices('lstsq', a, { single: true }).items;
  const { rows: m, columns: n } = matrix;
  const right = readFinite('lstsq', b);
  if ((b.rank !== 1 && b.rank !== 2) || b.shape[0] !== m) {
    throw new ShapeError({
      where: 'lstsq',
      expected: `b of shape [${m}] or [${m}, k]`,
      received: `${showShape(b.shape)} for a of ${showShape(a.shape)}`,
    });
  }
  if (rcond !== undefined && !(rcond >= 0 && rcond <= 1)) {
    throw new ShapeError({ where: 'lstsq', expected: 'rcond from 0 to 1', received: String(rcond) });
  }
  const columns = b.rank === 1 ? 1 : b.shape[1];
  const { u, s, v, method } = thinSvd('lstsq', matrix);
  const threshold = (rcond ?? Math.max(m, n) * 2 ** -23) * s[0];
  const rank = s.filter((value) => value > threshold).length;
  const x = new Float64Array(n * columns);
  const residuals = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    for (let k = 0; k < rank; k++) {
      let share = 0;
      for (let i = 0; i < m; i++) share += u[i * s.length + k] * right[i * columns + c];
      for (let j = 0; j < n; j++) x[j * columns + c] += v[j * s.length + k] * (share / s[k]);
    }
    for (let i = 0; i < m; i++) {
      let rest = -right[i * columns + c];
      for (let j = 0; j < n; j++) rest += matrix.data[i * n + j] * x[j * columns + c];
      residuals[c] += rest * rest;
    }
  }
  const tail = b.rank === 1 ? [] : [columns];
  return {
    x: toTensor('lstsq', [x], [n, ...tail]),
    residuals: toTensor('lstsq', [residuals], tail),
    rank,
    singularValues: toTensor('lstsq', [s], [s.length]),
    method,
  };
}
