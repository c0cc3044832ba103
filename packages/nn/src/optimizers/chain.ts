import type { Optimizer, OptimizerState } from './optimizer.js';

/** Transforms one after the other: each gets the updates of the one before. The state is the list of their states. */
export function chain(...transforms: readonly Optimizer[]): Optimizer<readonly OptimizerState[]> {
  return {
    config: transforms.map(({ config }) => config ?? null),
    init: (params) => transforms.map((t) => t.init(params)),
    update: (grads, state, params, options) => {
      let updates = grads;
      const next = transforms.map((t, i) => {
        const step = t.update(updates, state[i], params, options);
        updates = step.updates;
        return step.state;
      });
      return { updates, state: next };
    },
  };
}
