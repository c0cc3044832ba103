import { mapTensors, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  conv2d,
  type ConvOptions,
  matmul,
  reshape,
  square,
  stopGradient,
  sum,
  type Tensor,
  transpose,
  unfold2d,
  vjp,
  vmap,
  zeros,
  zerosLike,
} from '@weightloom/tensor-gpu';
import type { ApplyFunction } from '../ensemble.js';

/** A layer that is used once, on inputs whose first axis counts examples. */
export interface QuickLayer {
  readonly path: string;
  /** Shape of its output without the axis of examples. */
  readonly output: readonly number[];
  /** Of a convolution (of one group). */
  readonly window?: { readonly size: readonly [number, number]; readonly options: ConvOptions };
}

/** Whether a layer sees one row of each example. */
export const seesRows = ({ output }: QuickLayer): boolean => output.length === 1;

/**
 * `Σₙ Σₖ (∂⟨cₙₖ, f(w, xₙ)⟩ / ∂w)²` for the weights and biases of linear layers and convolutions, from one pass over the batch.
 *
 * The gradient of an example is a product of what the layer sees at each position and what flows back there, `Gₙₖ = δₙₖᵀ Xₙ`; what
 * it sees (for convolutions, the windows) is the same for every `k`, so that the products of an example are one. Where each
 * example is one row, `Σₙ Σₖ (δₙₖ xₙᵀ)² = (Σₖ δ²)ᵀ x²`, and no gradient of a single example is formed.
 *
 * @param cotangentsOf - from outputs `[n, C]` to `c`, `[n, K, C]`
 */
export function squaredGradientsOfLayers(
  apply: ApplyFunction,
  params: StateDict,
  layers: readonly QuickLayer[],
  inputs: Tensor,
  cotangentsOf: (outputs: Tensor) => Tensor,
): StateDict {
  /** Every layer adds a shift of zero to its output; the gradient by that shift is `δ`. */
  const forward = (shifts: StateDict): { seen: StateDict; outputs: Tensor } => {
    const seen = stateDict([]);
    const outputs = apply(params, inputs, {
      linear: (path, x, weight, bias) => {
        const shift = shifts[path];
        if (!shift) return undefined;
        seen[path] = stopGradient(x);
        const out = add(matmul(x, transpose(weight)), shift);
        return bias ? add(out, bias) : out;
      },
      conv: (path, x, weight, bias, options) => {
        const shift = shifts[path];
        if (!shift) return undefined;
        seen[path] = stopGradient(x);
        return add(conv2d(x, weight, bias ?? null, options), shift);
      },
    });
    return { seen, outputs };
  };
  const n = inputs.shape[0]!;
  const shifts = stateDict(layers.map(({ path, output }): [string, Tensor] => [path, zeros([n, ...output])]));
  const [{ seen, outputs }, pull] = vjp(forward, shifts);
  const nothing = mapTensors(seen, (x) => zerosLike(x));
  const [deltas] = vmap((rows: Tensor) => pull({ seen: nothing, outputs: rows }), { inAxes: 1 })(
    cotangentsOf(outputs),
  ) as [StateDict];
  return stateDict(
    layers.flatMap((layer): [string, Tensor][] => {
      const { weight, bias } = (seesRows(layer) ? ofRows : ofPositions)(
        layer,
        seen[layer.path]!,
        deltas[layer.path]!,
      );
      return [
        [`${layer.path}.weight`, reshape(weight, params[`${layer.path}.weight`]!.shape)],
        [`${layer.path}.bias`, bias],
      ];
    }),
  );
}

interface Squares {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

function ofRows(_: QuickLayer, x: Tensor, delta: Tensor): Squares {
  const flow = sum(square(delta), { axis: 0 });
  return { weight: matmul(transpose(flow), square(x)), bias: sum(flow, { axis: 0 }) };
}

function ofPositions({ window }: QuickLayer, x: Tensor, delta: Tensor): Squares {
  const [k, n] = delta.shape as [number, number];
  const outputs = window ? delta.shape[2]! : delta.shape.at(-1)!;
  const positions = delta.size / (k * n * outputs);
  const flow = window
    ? transpose(reshape(delta, [k, n, outputs, positions]), [1, 0, 2, 3])
    : transpose(reshape(delta, [k, n, positions, outputs]), [1, 0, 3, 2]);
  const left = reshape(flow, [n, k * outputs, positions]);
  const right = window
    ? transpose(unfold2d(x, window.size, window.options), [0, 2, 1])
    : reshape(x, [n, positions, x.shape.at(-1)!]);
  const squares = (gradients: Tensor, shape: readonly number[]): Tensor =>
    sum(square(reshape(gradients, [n * k, ...shape])), { axis: 0 });
  return {
    weight: squares(matmul(left, right), [outputs, right.shape[2]!]),
    bias: squares(sum(left, { axis: 2 }), [outputs]),
  };
}
