import { mul, softplus, sub, type Tensor } from '@weightloom/tensor-gpu';
import { checkSameShape } from './check-same-shape.js';
import { type Reduction, reduceLoss } from './reduction.js';

/**
 * Binary cross-entropy of scores: `log(1 + e^z) - y z`, averaged over elements; finite for any finite score.
 *
 * @param logits - `z`, any shape @param targets - `y` in [0, 1], the same shape, float32
 */
export function sigmoidCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { reduction = 'mean' }: { readonly reduction?: Reduction } = {},
): Tensor {
  checkSameShape('sigmoidCrossEntropy', logits, targets);
  return reduceLoss(sub(softplus(logits), mul(targets, logits)), reduction);
}
