import { cast, flatten, type Tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import type { Optimizer, OptimizerState } from './optimizer.js';

/**
 * Keeps the state of an optimiser in 16 bits between steps and computes in float32: half the memory, each moment rounded once a step.
 * Scalars (counts) and integers stay as they are. bfloat16 keeps the range of float32; float16 underflows below 6e-8.
 */
export function storedAs(optimizer: Optimizer, dtype: 'bfloat16' | 'float16'): Optimizer {
  if (dtype !== 'bfloat16' && dtype !== 'float16')
    refuse('storedAs', 'dtype bfloat16 or float16', `"${String(dtype)}"`);
  const store = (state: OptimizerState): OptimizerState => convert(state, 'float32', dtype);
  return {
    config: { type: 'storedAs', optimizer: optimizer.config ?? null, dtype },
    init: (params) => store(optimizer.init(params)),
    update: (grads, state, params, options) => {
      const step = optimizer.update(grads, convert(state, dtype, 'float32'), params, options);
      return { updates: step.updates, state: store(step.state) };
    },
  };
}

function convert(state: OptimizerState, from: Tensor['dtype'], to: Tensor['dtype']): OptimizerState {
  const { leaves, def } = flatten(state);
  const move = (leaf: Tensor | number): Tensor | number =>
    typeof leaf !== 'number' && leaf.rank > 0 && leaf.dtype === from ? cast(leaf, to) : leaf;
  return def.build(leaves.map(move)) as OptimizerState;
}
