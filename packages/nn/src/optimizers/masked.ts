import { dictOf } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { NameFilter } from './add-decayed-weights.js';
import type { Optimizer, OptimizerState } from './optimizer.js';

/**
 * A transform for some weights only; the gradients of the others pass unchanged, and its state knows nothing of them.
 *
 * @param filter - whether the transform is for the weight of that name
 */
export function masked<S extends OptimizerState>(transform: Optimizer<S>, filter: NameFilter): Optimizer<S> {
  const part = (dict: StateDict): StateDict => dictOf(Object.entries(dict).filter(([name]) => filter(name)));
  return {
    config: { type: 'masked', transform: transform.config ?? null },
    init: (params) => transform.init(part(params)),
    update: (grads, state, params, options) => {
      const step = transform.update(part(grads), state, part(params), options);
      return {
        updates: dictOf([...Object.entries(grads), ...Object.entries(step.updates)]),
        state: step.state,
      };
    },
  };
}
