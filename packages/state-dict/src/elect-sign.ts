import { add, greaterEqual, mul, sign, type Tensor, where, zerosLike } from '@weightloom/tensor-gpu';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';
import { zipTensors } from './zip-tensors.js';

export interface ElectSignOptions {
  /**
   * What is counted: `'sum'` (default) weighs every model by the size of its change, as TIES does; `'count'` gives each
   * one vote.
   */
  readonly vote?: 'sum' | 'count';
}

/**
 * The sign that most of the mass has: `+1` where `Σ deltas[i] ≥ 0`, else `-1`.
 *
 * @param deltas - task vectors, at least one; same names and shapes
 * @returns float32 tensors of +1 and -1; zeros for whole numbers and masks
 * @see Yadav et al. 2023, "TIES-Merging", arXiv:2306.01708 (there a sum of zero takes the overall majority; here `+1`)
 */
export function electSign(deltas: readonly StateDict[], options: ElectSignOptions = {}): StateDict {
  const { vote = 'sum' } = options;
  const ballot = (delta: Tensor) => (vote === 'sum' ? delta : sign(delta));
  return zipTensors(
    deltas,
    (tensors) => {
      if (!isFloat(tensors[0]!)) return zerosLike(mul(tensors[0]!, 1));
      const total = tensors.map(ballot).reduce((sum, term) => add(sum, term));
      return where(greaterEqual(total, 0), 1, -1);
    },
    'electSign',
  );
}
