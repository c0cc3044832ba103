import { embedding, exp, mul, pow, sub, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkNotNegative, refuse } from '../internal/checks.js';
import { type Reduction, reduceLoss } from './reduction.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

export interface FocalLossOptions {
  /** `γ ≥ 0`: how much easy examples lose weight; default 2. With 0 it is the cross-entropy. */
  readonly gamma?: number;
  /** A weight `α ≥ 0` for every class; default 1. */
  readonly alpha?: readonly number[];
  /** Default `mean` over examples. */
  readonly reduction?: Reduction;
}

/**
 * `-α_y (1 - p_y)^γ log p_y` with `p = softmax(logits)`.
 *
 * @param logits - `[…, C]` @param labels - int32 `[…]`
 * @see Lin et al. 2017, "Focal Loss for Dense Object Detection", arXiv:1708.02002 (there for two classes)
 */
export function focalLoss(
  logits: Tensor,
  labels: Tensor,
  { gamma = 2, alpha, reduction = 'mean' }: FocalLossOptions = {},
): Tensor {
  checkNotNegative('focalLoss', 'gamma', gamma);
  alpha?.forEach((weight, i) => checkNotNegative('focalLoss', `alpha[${i}]`, weight));
  if (alpha && alpha.length !== logits.shape.at(-1)) {
    refuse('focalLoss', `alpha for ${logits.shape.at(-1)} classes`, `${alpha.length} weights`);
  }
  const losses = softmaxCrossEntropy(logits, labels, { reduction: 'none' });
  const focused = gamma === 0 ? losses : mul(losses, pow(sub(1, exp(mul(losses, -1))), gamma));
  const weighted = alpha ? mul(focused, embedding(tensor(Float32Array.from(alpha)), labels)) : focused;
  return reduceLoss(weighted, reduction);
}
