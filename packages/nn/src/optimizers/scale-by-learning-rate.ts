import { mul, neg, type Tensor } from '@weightloom/tensor-gpu';
import { checkNotNegative } from '../internal/checks.js';
import { mapDict } from '../internal/dict.js';
import type { Optimizer } from './optimizer.js';
import { stateless } from './stateless.js';

/** `-η g`: the last step of every optimiser. The `learningRate` given to `update` wins over the one given here. */
export function scaleByLearningRate(learningRate: number): Optimizer<null> {
  checkNotNegative('scaleByLearningRate', 'learningRate', learningRate);
  return stateless({ type: 'scaleByLearningRate', learningRate }, (grads, _params, options) => {
    const rate = options.learningRate ?? learningRate;
    const factor: number | Tensor = typeof rate === 'number' ? -rate : neg(rate);
    return mapDict((g) => mul(g, factor), grads);
  });
}
