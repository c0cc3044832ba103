import { exp, type Tensor } from '@weightloom/tensor-gpu';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';

/**
 * `e^cross-entropy`: among how many equally likely tokens the model hesitates. It is no mean of rows; over batches take `Math.exp` of
 * the mean `softmaxCrossEntropy` that `evaluate` gives.
 *
 * @param logits - `[…, C]` @param labels - int32 `[…]`
 * @returns a scalar of at least 1
 */
export const perplexity = (logits: Tensor, labels: Tensor): Tensor =>
  exp(softmaxCrossEntropy(logits, labels));
