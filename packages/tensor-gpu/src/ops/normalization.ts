import { ShapeError } from '../errors.js';
import { normalizeAxis, sameShape, showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, mul, rsqrt, square, sub } from './arithmetic.js';
import { floating } from './operands.js';
import { mean } from './reductions.js';
import { reshape } from './shaping.js';

/** `(x - mean) / √(variance + eps)` over axes, population variance. */
function standardize(x: Tensor, axis: number | readonly number[], eps: number): Tensor {
  const centred = sub(x, mean(x, { axis, keepDims: true }));
  const spread = mean(square(centred), { axis, keepDims: true });
  return mul(centred, rsqrt(add(spread, eps)));
}

function affine(
  where: string,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  shape: readonly number[],
): Tensor {
  const check = (t: Tensor): Tensor => {
    if (t.size !== shape.reduce((n, d) => n * d, 1)) {
      throw new ShapeError({
        where,
        expected: `weight and bias of shape ${showShape(shape)}`,
        received: showShape(t.shape),
      });
    }
    return reshape(floating(where, t), shape);
  };
  const scaled = weight ? mul(x, check(weight)) : x;
  return bias ? add(scaled, check(bias)) : scaled;
}

/**
 * Layer normalisation over the last axes, those of `weight` (default: the last one):
 * `(x - mean) / √(variance + eps) · weight + bias`.
 */
export function layerNorm(
  x: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  const t = floating('layerNorm', x);
  const shape = weight?.shape ?? bias?.shape ?? t.shape.slice(-1);
  if (t.rank < shape.length || !sameShape(t.shape.slice(t.rank - shape.length), shape)) {
    throw new ShapeError({
      where: 'layerNorm',
      expected: `last axes ${showShape(shape)}`,
      received: showShape(t.shape),
    });
  }
  const axes = shape.map((_, i) => t.rank - shape.length + i);
  return affine('layerNorm', standardize(t, axes, eps), weight, bias, shape);
}

/** Root mean square normalisation over the last axis: `x / √(mean(x²) + eps) · weight`. */
export function rmsNorm(x: Tensor, weight: Tensor | null = null, eps = 1e-6): Tensor {
  const t = floating('rmsNorm', x);
  const scaled = mul(t, rsqrt(add(mean(square(t), { axis: -1, keepDims: true }), eps)));
  return affine('rmsNorm', scaled, weight, null, t.shape.slice(-1));
}

/** What {@link batchNorm} normalises with, and what it measured. */
export interface BatchNormResult {
  readonly output: Tensor;
  /** Mean and population variance per channel, `[C]`: of the batch in training, the given ones otherwise. */
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch normalisation of `[B, C, …]` per channel. With `running` statistics it uses them (evaluation), without it measures
 * the batch (training) and returns what it measured; updating the running statistics is the caller's business.
 */
export function batchNorm(
  x: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  {
    running,
    eps = 1e-5,
  }: { readonly running?: { readonly mean: Tensor; readonly variance: Tensor }; readonly eps?: number } = {},
): BatchNormResult {
  const t = floating('batchNorm', x);
  normalizeAxis('batchNorm', 1, t.rank);
  const channels = t.shape[1];
  const shape = t.shape.map((_, i) => (i === 1 ? channels : 1));
  const axis = t.shape.map((_, i) => i).filter((i) => i !== 1);
  const batchMean = running ? reshape(running.mean, shape) : mean(t, { axis, keepDims: true });
  const centred = sub(t, batchMean);
  const spread = running ? reshape(running.variance, shape) : mean(square(centred), { axis, keepDims: true });
  const scaled = mul(centred, rsqrt(add(spread, eps)));
  return {
    output: affine('batchNorm', scaled, weight, bias, shape),
    mean: reshape(batchMean, [channels]),
    variance: reshape(spread, [channels]),
  };
}

/** Group normalisation of `[B, C, …]`: statistics per example and group of channels; `groups` divides C. */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  const t = floating('groupNorm', x);
  normalizeAxis('groupNorm', 1, t.rank);
  const [b, c] = t.shape;
  if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0) {
    throw new ShapeError({
      where: 'groupNorm',
      expected: `groups that divide ${c} channels`,
      received: String(groups),
    });
  }
  const grouped = reshape(t, [b, groups, t.size / (b * groups || 1)]);
  const scaled = reshape(standardize(grouped, 2, eps), t.shape);
  return affine(
    'groupNorm',
    scaled,
    weight,
    bias,
    t.shape.map((_, i) => (i === 1 ? c : 1)),
  );
}
