import {
  add,
  div,
  expm1,
  mul,
  neg,
  reciprocal,
  rsqrt,
  sqrt,
  square,
  type Tensor,
  tensor,
  zerosLike,
} from '@weightloom/tensor-gpu';
import { checkFraction, checkPositive } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { Optimizer } from './optimizer.js';

export interface AdamMomentsOptions {
  /** Decay of the mean of gradients, in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

/** State of {@link scaleByAdam}. */
export interface AdamState {
  /** Steps taken, a float32 scalar. */
  readonly count: Tensor;
  readonly mean: StateDict;
  readonly square: StateDict;
  readonly [name: string]: Tensor | StateDict;
}

/** `1 - βᵗ`, accurate also for β near 1. */
const biasCorrection = (beta: number, count: Tensor): Tensor =>
  beta === 0 ? tensor(1) : neg(expm1(mul(count, Math.log(beta))));

/**
 * Adam's direction: `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`, giving `m̂ / (√v̂ + ε)` with `m̂ = m/(1-β₁ᵗ)`, `v̂ = v/(1-β₂ᵗ)`.
 *
 * @see Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamMomentsOptions = {}): Optimizer<AdamState> {
  checkFraction('scaleByAdam', 'beta1', beta1);
  checkFraction('scaleByAdam', 'beta2', beta2);
  checkPositive('scaleByAdam', 'epsilon', epsilon);
  return {
    config: { type: 'scaleByAdam', beta1, beta2, epsilon },
    init: (params) => ({
      count: tensor(0),
      mean: mapDict((w) => zerosLike(w), params),
      square: mapDict((w) => zerosLike(w), params),
    }),
    update: (grads, state) => {
      const count = add(state.count, 1);
      const mean = zipDict((g, m) => add(mul(m, beta1), mul(g, 1 - beta1)), grads, state.mean);
      const squares = zipDict((g, v) => add(mul(v, beta2), mul(square(g), 1 - beta2)), grads, state.square);
      // Scalars are inverted once, so that each element costs one root and one division.
      const meanScale = reciprocal(biasCorrection(beta1, count));
      const rootScale = rsqrt(biasCorrection(beta2, count));
      const updates = zipDict(
        (m, v) => div(mul(m, meanScale), add(mul(sqrt(v), rootScale), epsilon)),
        mean,
        squares,
      );
      return { updates, state: { count, mean, square: squares } };
    },
  };
}
