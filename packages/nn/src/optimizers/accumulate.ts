import {
  add,
  div,
  equal,
  flatten,
  mul,
  sub,
  type Tensor,
  tensor,
  where,
  zerosLike,
} from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { Optimizer, OptimizerState } from './optimizer.js';

/** State of {@link accumulate}. */
export interface AccumulateState {
  /** Gradients gathered since the last step, an int32 scalar. */
  readonly count: Tensor;
  readonly sum: StateDict;
  readonly inner: OptimizerState;
  readonly [name: string]: OptimizerState | StateDict;
}

/** Steps `optimizer` at every `every`-th call with the mean of the gradients since; the updates of the calls between are 0. */
export function accumulate(optimizer: Optimizer, every: number): Optimizer<AccumulateState> {
  checkCount('accumulate', 'every', every);
  return {
    config: { type: 'accumulate', optimizer: optimizer.config ?? null, every },
    init: (params) => ({
      count: tensor(0, [], 'int32'),
      sum: mapDict((w) => zerosLike(w), params),
      inner: optimizer.init(params),
    }),
    update: (grads, state, params, options) => {
      const sum = zipDict((s, g) => add(s, g), state.sum, grads);
      const due = equal(state.count, every - 1);
      const step = optimizer.update(
        mapDict((s) => div(s, every), sum),
        state.inner,
        params,
        options,
      );
      return {
        updates: mapDict((u) => where(due, u, 0), step.updates),
        state: {
          count: where(due, mul(state.count, 0), add(state.count, 1)),
          sum: mapDict((s) => where(due, sub(s, s), s), sum),
          inner: choose(due, step.state, state.inner),
        },
      };
    },
  };
}

/** Leaf by leaf `a` where `due`, else `b`, for trees of one structure. */
function choose(due: Tensor, a: OptimizerState, b: OptimizerState): OptimizerState {
  const [left, right] = [flatten(a), flatten(b)];
  return left.def.build(left.leaves.map((leaf, i) => where(due, leaf, right.leaves[i]))) as OptimizerState;
}
