import { add, mul, type Tensor } from '@weightloom/tensor-gpu';
import { checkPositive, refuse } from '../internal/checks.js';
import { klDivergence } from './kl-divergence.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

export interface DistillationLossOptions {
  /** `T > 0`, softens both distributions; default 2. */
  readonly temperature?: number;
  /** `α` in [0, 1], share of the teacher; default 0.5. */
  readonly alpha?: number;
}

/**
 * `α T² KL(softmax(teacher / T) ‖ softmax(student / T)) + (1 - α) · cross-entropy(student, labels)`.
 *
 * @param student - logits `[…, C]` @param teacher - logits `[…, C]` @param labels - int32 `[…]` or distributions `[…, C]`
 * @see Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531
 */
export function distillationLoss(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  { temperature = 2, alpha = 0.5 }: DistillationLossOptions = {},
): Tensor {
  checkPositive('distillationLoss', 'temperature', temperature);
  if (!(alpha >= 0 && alpha <= 1)) refuse('distillationLoss', 'alpha from 0 to 1', alpha);
  const soft = mul(klDivergence(student, teacher, { temperature }), alpha * temperature ** 2);
  return add(soft, mul(softmaxCrossEntropy(student, labels), 1 - alpha));
}
