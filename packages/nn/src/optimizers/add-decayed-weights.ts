import { add, mul } from '@weightloom/tensor-gpu';
import { checkNotNegative } from '../internal/checks.js';
import { zipDict } from '../internal/dict.js';
import type { Optimizer } from './optimizer.js';
import { stateless } from './stateless.js';

/** Which weights an option covers, by name; default all. */
export type NameFilter = (name: string) => boolean;

/**
 * `g + λ w`. Before an adaptive transform this is L2 regularisation, after it decoupled weight decay (AdamW).
 *
 * @param weightDecay - `λ ≥ 0`
 * @param filter - the weights that decay; default all
 */
export function addDecayedWeights(weightDecay: number, filter: NameFilter = () => true): Optimizer<null> {
  checkNotNegative('addDecayedWeights', 'weightDecay', weightDecay);
  if (weightDecay === 0) return stateless(null, (grads) => grads);
  return stateless({ type: 'addDecayedWeights', weightDecay }, (grads, params) =>
    zipDict((g, w, name) => (filter(name) ? add(g, mul(w, weightDecay)) : g), grads, params),
  );
}
