import { add, mul, sign, zerosLike } from '@weightloom/tensor-gpu';
import { checkFraction } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import { addDecayedWeights, type NameFilter } from './add-decayed-weights.js';
import { chain } from './chain.js';
import type { Optimizer } from './optimizer.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface LionOptions {
  /** `η ≥ 0`, three to ten times smaller than Adam's; a schedule overrides it per step. */
  readonly learningRate: number;
  /** Share of the momentum in the direction, in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the momentum, in [0, 1); default 0.99. */
  readonly beta2?: number;
  /** `λ ≥ 0`, decoupled; default 0. */
  readonly weightDecay?: number;
  /** The weights that decay; default all. */
  readonly decayFilter?: NameFilter;
}

/**
 * Lion: `w ← w - η (sign(β₁ m + (1 - β₁) g) + λ w)`, then `m ← β₂ m + (1 - β₂) g`.
 *
 * @see Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", arXiv:2302.06675
 */
export function lion({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.99,
  weightDecay = 0,
  decayFilter,
}: LionOptions): Optimizer {
  checkFraction('lion', 'beta1', beta1);
  checkFraction('lion', 'beta2', beta2);
  const mix = (beta: number, m: StateDict, g: StateDict): StateDict =>
    zipDict((a, b) => add(mul(a, beta), mul(b, 1 - beta)), m, g);
  const direction: Optimizer<{ readonly momentum: StateDict }> = {
    config: { type: 'lion', beta1, beta2 },
    init: (params) => ({ momentum: mapDict((w) => zerosLike(w), params) }),
    update: (grads, { momentum }) => ({
      updates: mapDict((u) => sign(u), mix(beta1, momentum, grads)),
      state: { momentum: mix(beta2, momentum, grads) },
    }),
  };
  return chain(direction, addDecayedWeights(weightDecay, decayFilter), scaleByLearningRate(learningRate));
}
