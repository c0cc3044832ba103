import { addDecayedWeights, type NameFilter } from './add-decayed-weights.js';
import { chain } from './chain.js';
import type { Optimizer } from './optimizer.js';
import { type AdamMomentsOptions, scaleByAdam } from './scale-by-adam.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface AdamOptions extends AdamMomentsOptions {
  /** `η ≥ 0`; a schedule overrides it per step. */
  readonly learningRate: number;
  /** `λ ≥ 0`: L2 regularisation for `adam` (default 0), decoupled decay for `adamw` (default 0.01). */
  readonly weightDecay?: number;
  /** The weights that decay; default all. */
  readonly decayFilter?: NameFilter;
}

/**
 * Adam: `w ← w - η m̂ / (√v̂ + ε)`; weight decay is added to the gradient as in PyTorch's `Adam`.
 *
 * @see Kingma and Ba 2015, arXiv:1412.6980
 */
export function adam({ learningRate, weightDecay = 0, decayFilter, ...moments }: AdamOptions): Optimizer {
  return chain(
    addDecayedWeights(weightDecay, decayFilter),
    scaleByAdam(moments),
    scaleByLearningRate(learningRate),
  );
}

/**
 * Adam with decoupled weight decay: `w ← w - η (m̂ / (√v̂ + ε) + λ w)`, as PyTorch's `AdamW` (decay scales with the rate).
 *
 * @see Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", arXiv:1711.05101
 */
export function adamw({ learningRate, weightDecay = 0.01, decayFilter, ...moments }: AdamOptions): Optimizer {
  return chain(
    scaleByAdam(moments),
    addDecayedWeights(weightDecay, decayFilter),
    scaleByLearningRate(learningRate),
  );
}
