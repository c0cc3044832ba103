import {
  add,
  cast,
  copy,
  div,
  greaterEqual,
  logicalAnd,
  maximum,
  mod,
  equal,
  mul,
  sub,
  type Tensor,
  tensor,
  where,
} from '@weightloom/tensor-gpu';
import { checkCount, checkFraction } from '../internal/checks.js';
import { zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { Optimizer, OptimizerState } from './optimizer.js';

/** What the averages remember: `average` has the names of the weights. */
export interface AverageState {
  readonly average: StateDict;
  /** Steps seen (EMA) or weights averaged and steps seen (SWA), int32 scalars. */
  readonly count: Tensor;
  readonly steps: Tensor;
  readonly [name: string]: Tensor | StateDict;
}

const start = (params: StateDict): AverageState => ({
  average: copy(params),
  count: tensor(0, [], 'int32'),
  steps: tensor(0, [], 'int32'),
});

/**
 * Keeps the exponential moving average `a ← β a + (1 - β) w` of the weights after each step, starting from the first weights; put
 * it last in a `chain`. Updates pass unchanged.
 *
 * @param decay - `β` in [0, 1)
 */
export function trackEma(decay: number): Optimizer<AverageState> {
  checkFraction('trackEma', 'decay', decay);
  return {
    config: { type: 'trackEma', decay },
    init: start,
    update: (updates, state, params) => {
      const weights = zipDict((w, u) => add(w, u), params, updates);
      const average = zipDict((a, w) => add(mul(a, decay), mul(w, 1 - decay)), state.average, weights);
      return { updates, state: { average, count: add(state.count, 1), steps: add(state.steps, 1) } };
    },
  };
}

export interface SwaOptions {
  /** The first step, counted from 0, whose weights are averaged. */
  readonly start: number;
  /** Steps between two of them; default 1. */
  readonly every?: number;
}

/**
 * Stochastic weight averaging: the plain mean of the weights after steps `start`, `start + every`, …; before the first of them the
 * starting weights. Put it last in a `chain`. Updates pass unchanged.
 *
 * @see Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", arXiv:1803.05407
 */
export function trackSwa({ start: first, every = 1 }: SwaOptions): Optimizer<AverageState> {
  checkCount('trackSwa', 'start', first, 0);
  checkCount('trackSwa', 'every', every);
  return {
    config: { type: 'trackSwa', start: first, every },
    init: start,
    update: (updates, { average, count, steps }, params) => {
      const weights = zipDict((w, u) => add(w, u), params, updates);
      const due = logicalAnd(greaterEqual(steps, first), equal(mod(maximum(sub(steps, first), 0), every), 0));
      const seen = add(count, cast(due, 'int32'));
      const share = where(due, div(1, maximum(cast(seen, 'float32'), 1)), 0);
      return {
        updates,
        state: {
          average: zipDict((a, w) => add(a, mul(sub(w, a), share)), average, weights),
          count: seen,
          steps: add(steps, 1),
        },
      };
    },
  };
}

/** The average kept by {@link trackEma} or {@link trackSwa} anywhere in an optimiser's state; `undefined` when there is none. */
export function averagedWeights(state: OptimizerState): StateDict | undefined {
  if (state === null || typeof state !== 'object' || 'dtype' in state) return undefined;
  if ('average' in state && 'steps' in state) return state.average as StateDict;
  for (const part of Object.values(state)) {
    const found = averagedWeights(part as OptimizerState);
    if (found) return found;
  }
  return undefined;
}
