import { add, div, mul, sqrt, square, type Tensor, tensor, zerosLike } from '@weightloom/tensor-gpu';
import { checkNotNegative, checkPositive } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import { addDecayedWeights, type NameFilter } from './add-decayed-weights.js';
import { chain } from './chain.js';
import type { Optimizer } from './optimizer.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface AdagradOptions {
  /** `η ≥ 0`; a schedule overrides it per step. */
  readonly learningRate: number;
  /** Divides the rate by `1 + decay · (t - 1)` at step t; default 0. */
  readonly rateDecay?: number;
  /** `ε > 0`; default 1e-10. */
  readonly epsilon?: number;
  /** `λ ≥ 0`, added to the gradient as `λ w`; default 0. */
  readonly weightDecay?: number;
  /** The weights that decay; default all. */
  readonly decayFilter?: NameFilter;
}

/**
 * Adagrad in PyTorch's form: `s ← s + g²`, `w ← w - η / (1 + decay (t - 1)) · g / (√s + ε)`.
 *
 * @see Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"
 */
export function adagrad({
  learningRate,
  rateDecay = 0,
  epsilon = 1e-10,
  weightDecay = 0,
  decayFilter,
}: AdagradOptions): Optimizer {
  checkNotNegative('adagrad', 'rateDecay', rateDecay);
  checkPositive('adagrad', 'epsilon', epsilon);
  const scale: Optimizer<{ readonly count: Tensor; readonly sum: StateDict }> = {
    config: { type: 'adagrad', rateDecay, epsilon },
    init: (params) => ({ count: tensor(0), sum: mapDict((w) => zerosLike(w), params) }),
    update: (grads, state) => {
      const sum = zipDict((g, s) => add(s, square(g)), grads, state.sum);
      const slowed = add(mul(state.count, rateDecay), 1);
      const updates = zipDict((g, s) => div(g, mul(add(sqrt(s), epsilon), slowed)), grads, sum);
      return { updates, state: { count: add(state.count, 1), sum } };
    },
  };
  return chain(addDecayedWeights(weightDecay, decayFilter), scale, scaleByLearningRate(learningRate));
}
