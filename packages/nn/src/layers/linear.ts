import { add, foldIn, type Key, matmul, transpose, type Tensor, uniform } from '@weightloom/tensor-gpu';
import { weightOf } from '../internal/dict.js';
import type { ApplyContext, StateDict } from '../model.js';

/**
 * `x Wᵀ + b`, through `ctx`.
 *
 * @param path - the layer's name: weights `<path>.weight` `[out, in]` and, if there, `<path>.bias` `[out]`
 * @param x - `[…, in]`
 * @returns `[…, out]`
 */
export function linear(params: StateDict, path: string, x: Tensor, ctx: ApplyContext = {}): Tensor {
  return linearOf(path, x, weightOf(params, `${path}.weight`), params[`${path}.bias`], ctx);
}

/** {@link linear} of a weight `[out, in]` and a bias at hand. */
export function linearOf(
  path: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  ctx: ApplyContext = {},
): Tensor {
  const out = ctx.linear?.(path, x, weight, bias) ?? product(x, weight, bias);
  ctx.tap?.(path, x, out);
  return out;
}

function product(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const out = matmul(x, transpose(weight));
  return bias ? add(out, bias) : out;
}

/** PyTorch's start of a linear layer: weight and bias uniform in ±1/√in. */
export function initLinear(
  key: Key,
  path: string,
  inputs: number,
  outputs: number,
  { bias = true }: { readonly bias?: boolean } = {},
): [string, Tensor][] {
  const bound = 1 / Math.sqrt(inputs);
  const draw = (name: string, shape: number[]): [string, Tensor] => [
    name,
    uniform(foldIn(key, name), shape, -bound, bound),
  ];
  const weight = draw(`${path}.weight`, [outputs, inputs]);
  return bias ? [weight, draw(`${path}.bias`, [outputs])] : [weight];
}
