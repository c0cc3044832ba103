import { add, minimum, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/checks.js';
import type { Schedule } from '../schedules/schedule.js';
import type { Optimizer, OptimizerState } from './optimizer.js';

/** State of {@link scheduled}. */
export interface ScheduledState {
  /** Steps taken, an int32 scalar. */
  readonly count: Tensor;
  readonly inner: OptimizerState;
  readonly [name: string]: OptimizerState;
}

/**
 * An optimiser that follows a schedule by itself, also inside `jit`: the rates are put into a table. (`fit` takes a `schedule`
 * directly.) A learning rate given to `update` wins.
 *
 * @param steps - length of the table; later steps use its last rate
 */
export function scheduled(
  optimizer: Optimizer,
  schedule: Schedule,
  steps: number,
): Optimizer<ScheduledState> {
  checkCount('scheduled', 'steps', steps);
  const rates = Float32Array.from({ length: steps }, (_, t) => schedule(t));
  return {
    config: { type: 'scheduled', optimizer: optimizer.config ?? null, rates: [...rates] },
    init: (params) => ({ count: tensor(0, [], 'int32'), inner: optimizer.init(params) }),
    update: (grads, { count, inner }, params, options = {}) => {
      const learningRate = options.learningRate ?? take(tensor(rates), minimum(count, steps - 1));
      const step = optimizer.update(grads, inner, params, { ...options, learningRate });
      return { updates: step.updates, state: { count: add(count, 1), inner: step.state } };
    },
  };
}
