import {
  conv2d,
  type ConvOptions,
  foldIn,
  type Key,
  normal,
  type Tensor,
  uniform,
} from '@weightloom/tensor-gpu';
import { constant } from '../internal/constant.js';
import { weightOf } from '../internal/dict.js';
import type { ApplyContext, StateDict } from '../model.js';

/**
 * Convolution over images as PyTorch's `Conv2d`, through `ctx`.
 *
 * @param path - the layer's name: weights `<path>.weight` `[out, in / groups, kh, kw]` and, if there, `<path>.bias` `[out]`
 * @param x - `[N, in, H, W]`
 * @returns `[N, out, h, w]`
 */
export function conv(
  params: StateDict,
  path: string,
  x: Tensor,
  options: ConvOptions = {},
  ctx: ApplyContext = {},
): Tensor {
  const weight = weightOf(params, `${path}.weight`);
  const bias: Tensor | undefined = params[`${path}.bias`];
  const out = ctx.conv?.(path, x, weight, bias, options) ?? conv2d(x, weight, bias ?? null, options);
  ctx.tap?.(path, x, out);
  return out;
}

export interface InitConvOptions {
  readonly bias?: boolean;
  /**
   * `uniform`: PyTorch's default, ±1/√fanIn for weight and bias. `heNormal`: normal with deviation √(2/fanOut) and no bias, as
   * torchvision starts its residual networks.
   */
  readonly start?: 'uniform' | 'heNormal';
}

/** The start of a convolution of `kernel × kernel` windows. */
export function initConv(
  key: Key,
  path: string,
  inputs: number,
  outputs: number,
  kernel: number,
  { bias = true, start = 'uniform' }: InitConvOptions = {},
): [string, Tensor][] {
  const name = `${path}.weight`;
  const shape = [outputs, inputs, kernel, kernel];
  const bound = 1 / Math.sqrt(inputs * kernel * kernel);
  const weight =
    start === 'uniform'
      ? uniform(foldIn(key, name), shape, -bound, bound)
      : normal(foldIn(key, name), shape, 0, Math.sqrt(2 / (outputs * kernel * kernel)));
  if (!bias) return [[name, weight]];
  const offset =
    start === 'uniform'
      ? uniform(foldIn(key, `${path}.bias`), [outputs], -bound, bound)
      : constant([outputs], 0);
  return [
    [name, weight],
    [`${path}.bias`, offset],
  ];
}
