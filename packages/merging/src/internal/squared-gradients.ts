import { mapTensors, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  matmul,
  square,
  sum,
  type Tensor,
  transpose,
  vjp,
  vmap,
  zeros,
  zerosLike,
} from '@weightloom/tensor-gpu';
import type { ApplyFunction } from '../ensemble.js';

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

/** A linear layer whose input is `[n, in]`, one row for each example, and which is used once. */
export interface RowLayer {
  readonly path: string;
  /** Width of its output. */
  readonly outputs: number;
}

/**
 * As {@link squaredGradients}, for the weights and biases of linear layers alone, many times as fast: the gradient of one example
 * is the outer product of what flows back, `δ`, and the layer's input, so that `Σₙ Σₖ (δₙₖ xₙᵀ)² = (Σₖ δ²)ᵀ x²`, a product
 * of two matrices; no gradient of a single example is formed.
 */
export function squaredGradientsOfLayers(
  apply: ApplyFunction,
  outputsOf: (logits: Tensor) => Tensor,
  params: StateDict,
  layers: readonly RowLayer[],
  inputs: Tensor,
  cotangents: Tensor,
): StateDict {
  const [n] = cotangents.shape as [number];
  /** Every layer adds a shift of zero to its output; the gradient by that shift is `δ`. */
  const forward = (shifts: StateDict): { seen: StateDict; outputs: Tensor } => {
    const seen = stateDict([]);
    const logits = apply(params, inputs, {
      linear: (path, x, weight, bias) => {
        const shift = shifts[path];
        if (!shift) return undefined;
        seen[path] = x;
        const out = add(matmul(x, transpose(weight)), shift);
        return bias ? add(out, bias) : out;
      },
    });
    return { seen, outputs: outputsOf(logits) };
  };
  const shifts = stateDict(layers.map(({ path, outputs }): [string, Tensor] => [path, zeros([n, outputs])]));
  const [{ seen }, pull] = vjp(forward, shifts);
  const nothing = mapTensors(seen, (x) => zerosLike(x));
  const [deltas] = vmap((rows: Tensor) => pull({ seen: nothing, outputs: rows }), { inAxes: 1 })(
    cotangents,
  ) as [StateDict];
  return stateDict(
    layers.flatMap(({ path }): [string, Tensor][] => {
      const flow = sum(square(deltas[path]!), { axis: 0 });
      const weight = matmul(transpose(flow), square(seen[path]!));
      return [
        [`${path}.weight`, weight],
        [`${path}.bias`, sum(flow, { axis: 0 })],
      ];
    }),
  );
}
