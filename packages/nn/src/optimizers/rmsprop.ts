import { add, div, mul, sqrt, square, sub, zerosLike } from '@weightloom/tensor-gpu';
import { checkFraction, checkPositive } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import { addDecayedWeights, type NameFilter } from './add-decayed-weights.js';
import { chain } from './chain.js';
import { momentum as heavyBall } from './momentum.js';
import type { Optimizer } from './optimizer.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface RmspropOptions {
  /** `η ≥ 0`; a schedule overrides it per step. */
  readonly learningRate: number;
  /** `α` in [0, 1), decay of the mean of squares; default 0.99. */
  readonly decay?: number;
  /** `ε > 0`, outside the root; default 1e-8. */
  readonly epsilon?: number;
  /** `μ` in [0, 1); default 0. */
  readonly momentum?: number;
  /** Divides by the deviation instead of the root mean square; default false. */
  readonly centered?: boolean;
  /** `λ ≥ 0`, added to the gradient as `λ w`; default 0. */
  readonly weightDecay?: number;
  /** The weights that decay; default all. */
  readonly decayFilter?: NameFilter;
}

/**
 * RMSprop in PyTorch's form: `v ← α v + (1 - α) g²`, `m ← μ m + g / (√v + ε)`, `w ← w - η m`; centred: `√(v - ḡ²)`.
 *
 * @see Tieleman and Hinton 2012, lecture 6.5; Graves 2013, arXiv:1308.0850 (centred)
 */
export function rmsprop({
  learningRate,
  decay = 0.99,
  epsilon = 1e-8,
  momentum = 0,
  centered = false,
  weightDecay = 0,
  decayFilter,
}: RmspropOptions): Optimizer {
  checkFraction('rmsprop', 'decay', decay);
  checkPositive('rmsprop', 'epsilon', epsilon);
  const running = (kept: StateDict, fresh: StateDict): StateDict =>
    zipDict((a, b) => add(mul(a, decay), mul(b, 1 - decay)), kept, fresh);
  const scale: Optimizer<{ readonly square: StateDict; readonly mean: StateDict | null }> = {
    config: { type: 'rmsprop', decay, epsilon, centered },
    init: (params) => {
      const zeros = (): StateDict => mapDict((w) => zerosLike(w), params);
      return { square: zeros(), mean: centered ? zeros() : null };
    },
    update: (grads, state) => {
      const squares = running(
        state.square,
        mapDict((g) => square(g), grads),
      );
      const mean = state.mean && running(state.mean, grads);
      const spread = mean ? zipDict((v, m) => sub(v, square(m)), squares, mean) : squares;
      const updates = zipDict((g, v) => div(g, add(sqrt(v), epsilon)), grads, spread);
      return { updates, state: { square: squares, mean } };
    },
  };
  return chain(
    addDecayedWeights(weightDecay, decayFilter),
    scale,
    ...(momentum === 0 ? [] : [heavyBall(momentum)]),
    scaleByLearningRate(learningRate),
  );
}
