import type { StateDict } from '../model.js';
import type { Optimizer, UpdateOptions } from './optimizer.js';

/** A transform that remembers nothing. */
export const stateless = (
  config: unknown,
  f: (grads: StateDict, params: StateDict, options: UpdateOptions) => StateDict,
): Optimizer<null> => ({
  config,
  init: () => null,
  update: (grads, _state, params, options = {}) => ({ updates: f(grads, params, options), state: null }),
});
