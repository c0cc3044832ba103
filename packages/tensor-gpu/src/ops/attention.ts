import { ShapeError } from '../errors.js';
import { showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { softmax } from './activations.js';
import { add, mul, where } from './arithmetic.js';
import { triangle } from './indexing.js';
import { matmul } from './matmul.js';
import { swapAxes } from './shaping.js';

export interface AttentionOptions {
  /** Position `i` sees positions up to `i + (S - T)` only. Default false. */
  readonly causal?: boolean;
  /** Bool (`true` = may see) or float (added to the scores), broadcasting to `[…, T, S]`. */
  readonly mask?: Tensor;
  /** Default `1 / √d`. */
  readonly scale?: number;
}

/**
 * `softmax(q kᵀ · scale + mask) v`.
 *
 * @param q - `[…, T, d]` @param k - `[…, S, d]` @param v - `[…, S, e]`
 * @returns `[…, T, e]`; a row that may see nothing gives NaN, as the formula does
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const [t, d] = q.shape.slice(-2);
  const [s, d2] = k.shape.slice(-2);
  if (q.rank < 2 || k.rank < 2 || v.rank < 2 || d !== d2 || v.shape.at(-2) !== s) {
    throw new ShapeError({
      where: 'scaledDotProductAttention',
      expected: 'q […, T, d], k […, S, d] and v […, S, e]',
      received: [q, k, v].map((x) => showShape(x.shape)).join(', '),
    });
  }
  let scores = mul(matmul(q, swapAxes(k, -1, -2)), options.scale ?? 1 / Math.sqrt(d));
  if (options.causal) scores = where(triangle(t, s, s - t), scores, -Infinity);
  if (options.mask) {
    scores =
      options.mask.dtype === 'bool' ? where(options.mask, scores, -Infinity) : add(scores, options.mask);
  }
  return matmul(softmax(scores, -1), v);
}
