import { refuse } from '../internal/checks.js';
import { addDecayedWeights, type NameFilter } from './add-decayed-weights.js';
import { chain } from './chain.js';
import { momentum as heavyBall } from './momentum.js';
import type { Optimizer } from './optimizer.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface SgdOptions {
  /** `η ≥ 0`; a schedule overrides it per step. */
  readonly learningRate: number;
  /** `μ` in [0, 1); default 0: plain gradient descent. */
  readonly momentum?: number;
  /** Looks ahead along the momentum; needs `momentum` above 0. */
  readonly nesterov?: boolean;
  /** `λ ≥ 0`, added to the gradient as `λ w`; default 0. */
  readonly weightDecay?: number;
  /** The weights that decay; default all. */
  readonly decayFilter?: NameFilter;
}

/**
 * Stochastic gradient descent in PyTorch's form: `g ← g + λ w`, `m ← μ m + g`, `w ← w - η m` (Nesterov: `w - η (g + μ m)`).
 *
 * @throws {RangeError} for options outside their range, or `nesterov` without momentum
 */
export function sgd({
  learningRate,
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
  decayFilter,
}: SgdOptions): Optimizer {
  if (nesterov && momentum === 0) refuse('sgd', 'momentum above 0 with nesterov', momentum);
  return chain(
    addDecayedWeights(weightDecay, decayFilter),
    ...(momentum === 0 ? [] : [heavyBall(momentum, { nesterov })]),
    scaleByLearningRate(learningRate),
  );
}
