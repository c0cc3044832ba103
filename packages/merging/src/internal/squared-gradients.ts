import { mapTensors, type StateDict } from '@weightloom/state-dict';
import { square, sum, type Tensor, vjp, vmap } from '@weightloom/tensor-gpu';

/**
 * `Σₙ Σₖ (∂⟨cₙₖ, f(w, xₙ)⟩ / ∂w)²`: squared gradients of single examples, summed.
 *
 * @param f - outputs `[C]` of one example
 * @param examples - a tree of tensors `[n, …]`
 * @param cotangents - `c`, `[n, K, C]`
 * @returns one tensor for each weight; `n · K` gradients exist at once
 */
export function squaredGradients<Example>(
  f: (weights: StateDict, example: Example) => Tensor,
  weights: StateDict,
  examples: Example,
  cotangents: Tensor,
): StateDict {
  const one = (example: Example, rows: Tensor): StateDict => {
    const [, pull] = vjp((w: StateDict) => f(w, example), weights);
    const [gradients] = vmap((row: Tensor) => pull(row))(rows) as [StateDict];
    return mapTensors(gradients, (g) => sum(square(g), { axis: 0 }));
  };
  return mapTensors(vmap(one)(examples, cotangents), (g) => sum(g, { axis: 0 }));
}
