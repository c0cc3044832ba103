import { div, exp, logSoftmax, mul, sub, sum, type Tensor } from '@weightloom/tensor-gpu';
import { checkPositive } from '../internal/checks.js';
import { checkSameShape } from './check-same-shape.js';
import { type Reduction, reduceLoss } from './reduction.js';

export interface KlDivergenceOptions {
  /** Divides both scores, above 0; default 1. */
  readonly temperature?: number;
  /** Default `mean` over examples (PyTorch's `batchmean` for one leading axis). */
  readonly reduction?: Reduction;
}

/**
 * `KL(p ‖ q) = Σ_c p_c (log p_c - log q_c)` of two sets of scores, `p = softmax(targets / T)` and `q = softmax(logits / T)`.
 *
 * @param logits - `[…, C]`, what is trained @param targets - `[…, C]`, unnormalised too
 * @returns a scalar, or `[…]` with `reduction: 'none'`
 */
export function klDivergence(
  logits: Tensor,
  targets: Tensor,
  { temperature = 1, reduction = 'mean' }: KlDivergenceOptions = {},
): Tensor {
  checkPositive('klDivergence', 'temperature', temperature);
  checkSameShape('klDivergence', logits, targets);
  const [q, p] = [logits, targets].map((z) => logSoftmax(div(z, temperature)));
  return reduceLoss(sum(mul(exp(p), sub(p, q)), { axis: -1 }), reduction);
}
