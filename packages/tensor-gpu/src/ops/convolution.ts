import { ShapeError } from '../errors.js';
import { dot } from '../primitives/dot.js';
import { add, constantLike, mul } from '../primitives/elementwise.js';
import { broadcastTo, reshape } from '../primitives/movement.js';
import { max, sum } from '../primitives/reduce.js';
import { unfold } from '../primitives/window.js';
import { showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { windowCount, type WindowParams } from '../tensor/window.js';
import { floating } from './operands.js';

type Pair = number | readonly [number, number];
const pair = (x: Pair): [number, number] => (typeof x === 'number' ? [x, x] : [x[0], x[1]]);

/** How a window moves; a number stands for both axes. */
export interface WindowOptions {
  /** Steps between windows; default 1 (for pooling: the kernel size). */
  readonly stride?: Pair;
  /** Zeros (for max pooling: -Infinity) added on both sides; `'same'` keeps the size at stride 1. Default 0. */
  readonly padding?: Pair | 'same';
  /** Distance between the elements of a window; default 1. */
  readonly dilation?: Pair;
}

export interface ConvOptions extends WindowOptions {
  /** Splits channels into independent groups; default 1. */
  readonly groups?: number;
}

function geometry(
  where: string,
  input: readonly [number, number],
  kernel: readonly [number, number],
  { stride = 1, padding = 0, dilation = 1 }: WindowOptions,
  fill: number,
): WindowParams {
  const [strides, dilations] = [pair(stride), pair(dilation)];
  const sides = ([0, 1] as const).map((i): [number, number] => {
    if (padding !== 'same') return [pair(padding)[i], pair(padding)[i]];
    const total = dilations[i] * (kernel[i] - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  }) as [[number, number], [number, number]];
  const whole = (x: number, least: number): boolean => Number.isInteger(x) && x >= least;
  const ok =
    [...strides, ...dilations, ...kernel].every((x) => whole(x, 1)) && sides.flat().every((x) => whole(x, 0));
  const params: WindowParams = { input, kernel, stride: strides, dilation: dilations, padding: sides, fill };
  if (!ok || windowCount(params).some((n) => n < 1)) {
    throw new ShapeError({
      where,
      expected: 'whole stride, dilation ≥ 1 and padding ≥ 0, and a window that fits the padded input',
      received: `input ${showShape(input)}, kernel ${showShape(kernel)}, stride ${strides}, dilation ${dilations}, padding ${sides.join(' and ')}`,
    });
  }
  return params;
}

/**
 * Cross-correlation over images, as PyTorch's conv2d.
 *
 * @param x - `[B, C, H, W]`
 * @param weight - `[O, C / groups, kh, kw]`
 * @param bias - `[O]`, optional
 * @returns `[B, O, oh, ow]` with `oh = floor((H + 2·padding - dilation·(kh - 1) - 1) / stride) + 1`
 * @throws {ShapeError} when channels, groups or window sizes do not fit
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  const { groups = 1 } = options;
  const [input, kernel] = [floating('conv2d', x), floating('conv2d', weight)];
  if (input.rank !== 4 || kernel.rank !== 4)
    fail('conv2d', 'x [B, C, H, W] and weight [O, C / groups, kh, kw]', input, kernel);
  const [b, c, h, w] = input.shape;
  const [o, perGroup, kh, kw] = kernel.shape;
  if (!Number.isInteger(groups) || groups < 1 || c !== perGroup * groups || o % groups !== 0) {
    fail(
      'conv2d',
      `${perGroup} channels in each of ${groups} groups, and outputs that divide by them`,
      input,
      kernel,
    );
  }
  const params = geometry('conv2d', [h, w], [kh, kw], options, 0);
  const [oh, ow] = windowCount(params);
  const columns = unfold(input, params);
  const k = perGroup * kh * kw;
  let out: Tensor;
  if (groups === 1) {
    // [1, O, k] × [B, k, oh·ow]: the kernel is shared, the batch runs as one stack of products.
    out = dot(broadcastTo(reshape(kernel, [1, o, k]), [b, o, k]), columns);
  } else {
    const left = broadcastTo(reshape(kernel, [1, groups, o / groups, k]), [b, groups, o / groups, k]);
    out = dot(reshape(left, [b * groups, o / groups, k]), reshape(columns, [b * groups, k, oh * ow]));
  }
  const shaped = reshape(out, [b, o, oh, ow]);
  if (bias === null) return shaped;
  const offset = floating('conv2d', bias);
  if (offset.rank !== 1 || offset.shape[0] !== o) fail('conv2d', `a bias [${o}]`, offset, kernel);
  return add(shaped, broadcastTo(reshape(offset, [1, o, 1, 1]), shaped.shape));
}

/** Cross-correlation over sequences: x `[B, C, L]`, weight `[O, C / groups, k]` → `[B, O, l]`. Options as {@link conv2d}, for one axis. */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  {
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
  }: { stride?: number; padding?: number | 'same'; dilation?: number; groups?: number } = {},
): Tensor {
  const [input, kernel] = [floating('conv1d', x), floating('conv1d', weight)];
  if (input.rank !== 3 || kernel.rank !== 3)
    fail('conv1d', 'x [B, C, L] and weight [O, C / groups, k]', input, kernel);
  const flat = (t: Tensor): Tensor => reshape(t, [t.shape[0], t.shape[1], 1, t.shape[2]]);
  const out = conv2d(flat(input), flat(kernel), bias, {
    stride: [1, stride],
    padding: padding === 'same' ? 'same' : [0, padding],
    dilation: [1, dilation],
    groups,
  });
  return reshape(out, [out.shape[0], out.shape[1], out.shape[3]]);
}

/**
 * The windows of images as columns, as PyTorch's `unfold`: column `y · ow + x` holds what a convolution sees there, its channels
 * one after the other, so that `conv2d(x, weight)` is `weight.reshape(O, C · kh · kw)` times these.
 *
 * @param x - `[B, C, H, W]`
 * @param size - of a window; the stride is 1 unless given
 * @returns `[B, C · kh · kw, oh · ow]`, with `oh` and `ow` as for {@link conv2d}
 */
export function unfold2d(x: Tensor, size: Pair, options: WindowOptions = {}): Tensor {
  const input = floating('unfold2d', x);
  if (input.rank !== 4) fail('unfold2d', 'x [B, C, H, W]', input);
  const [, , h, w] = input.shape;
  return unfold(input, geometry('unfold2d', [h, w], pair(size), options, 0));
}

function pool(where: string, x: Tensor, size: Pair, options: WindowOptions, fill: number) {
  const input = floating(where, x);
  if (input.rank !== 4) fail(where, 'x [B, C, H, W]', input);
  const [b, c, h, w] = input.shape;
  const kernel = pair(size);
  const params = geometry(where, [h, w], kernel, { ...options, stride: options.stride ?? kernel }, fill);
  const [oh, ow] = windowCount(params);
  const columns = reshape(unfold(input, params), [b, c, kernel[0] * kernel[1], oh * ow]);
  return { columns, shape: [b, c, oh, ow], count: kernel[0] * kernel[1] };
}

/** Largest element of each window: `[B, C, H, W] → [B, C, oh, ow]`; the stride is the window size unless given. */
export function maxPool2d(x: Tensor, size: Pair, options: WindowOptions = {}): Tensor {
  const { columns, shape } = pool('maxPool2d', x, size, options, -Infinity);
  return reshape(max(columns, [2]), shape);
}

/** Mean of each window, padding counted as zeros: `[B, C, H, W] → [B, C, oh, ow]`; the stride is the window size unless given. */
export function avgPool2d(x: Tensor, size: Pair, options: WindowOptions = {}): Tensor {
  const { columns, shape, count } = pool('avgPool2d', x, size, options, 0);
  const total = sum(columns, [2]);
  return reshape(mul(total, constantLike(total, 1 / count)), shape);
}

function fail(where: string, expected: string, ...tensors: Tensor[]): never {
  throw new ShapeError({ where, expected, received: tensors.map((t) => showShape(t.shape)).join(' and ') });
}
