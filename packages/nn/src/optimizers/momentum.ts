import { add, mul, zerosLike } from '@weightloom/tensor-gpu';
import { checkFraction } from '../internal/checks.js';
import { mapDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { Optimizer } from './optimizer.js';

/**
 * Heavy-ball momentum `m ← μ m + g`, giving `m`, or with `nesterov` `g + μ m`.
 *
 * @param decay - `μ` in [0, 1)
 * @see Polyak 1964; Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning" (in PyTorch's form)
 */
export function momentum(
  decay: number,
  { nesterov = false }: { readonly nesterov?: boolean } = {},
): Optimizer<{ readonly momentum: StateDict }> {
  checkFraction('momentum', 'momentum', decay);
  return {
    config: { type: 'momentum', decay, nesterov },
    init: (params) => ({ momentum: mapDict((w) => zerosLike(w), params) }),
    update: (grads, state) => {
      const next = zipDict((g, m) => add(mul(m, decay), g), grads, state.momentum);
      const updates = nesterov ? zipDict((g, m) => add(g, mul(m, decay)), grads, next) : next;
      return { updates, state: { momentum: next } };
    },
  };
}
