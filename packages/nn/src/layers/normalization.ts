import {
  add,
  batchNorm as normalizeBatch,
  groupNorm as normalizeGroups,
  layerNorm as normalizeLayer,
  mul,
  rmsNorm as normalizeRms,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { constant } from '../internal/constant.js';
import { weightOf } from '../internal/dict.js';
import type { ApplyContext, StateDict } from '../model.js';

/** Ones and zeros for a normalisation of `size` channels. */
export const initNorm = (path: string, size: number, { bias = true } = {}): [string, Tensor][] => [
  [`${path}.weight`, constant([size], 1)],
  ...(bias ? [[`${path}.bias`, constant([size], 0)] as [string, Tensor]] : []),
];

/** {@link initNorm} with batch norm's running statistics. */
export const initBatchNorm = (path: string, size: number): [string, Tensor][] => [
  ...initNorm(path, size),
  [`${path}.running_mean`, constant([size], 0)],
  [`${path}.running_var`, constant([size], 1)],
];

/** Layer norm over the last axis: `(x - mean) / √(var + ε) · weight + bias`; `x` is `[…, D]`. */
export function layerNorm(
  params: StateDict,
  path: string,
  x: Tensor,
  ctx: ApplyContext = {},
  epsilon = 1e-5,
): Tensor {
  const out = normalizeLayer(x, weightOf(params, `${path}.weight`), params[`${path}.bias`] ?? null, epsilon);
  ctx.tap?.(path, x, out);
  return out;
}

/** Root mean square norm over the last axis: `x / √(mean x² + ε) · weight`; `x` is `[…, D]`. */
export function rmsNorm(
  params: StateDict,
  path: string,
  x: Tensor,
  ctx: ApplyContext = {},
  epsilon = 1e-6,
): Tensor {
  const out = normalizeRms(x, weightOf(params, `${path}.weight`), epsilon);
  ctx.tap?.(path, x, out);
  return out;
}

/** Group norm of `[N, C, …]`: mean and variance per example and group of channels; `groups` divides C. */
export function groupNorm(
  params: StateDict,
  path: string,
  x: Tensor,
  groups: number,
  ctx: ApplyContext = {},
): Tensor {
  const out = normalizeGroups(
    x,
    groups,
    weightOf(params, `${path}.weight`),
    weightOf(params, `${path}.bias`),
  );
  ctx.tap?.(path, x, out);
  return out;
}

const MOMENTUM = 0.1; // how much a batch moves the running statistics, as in PyTorch

/**
 * Batch norm of `[N, C, …]` per channel. While training it uses the batch and hands `running ← 0.9 running + 0.1 batch` to
 * `ctx.update` (variance with n - 1, as PyTorch); otherwise it uses `<path>.running_mean` and `<path>.running_var`.
 */
export function batchNorm(params: StateDict, path: string, x: Tensor, ctx: ApplyContext = {}): Tensor {
  const [weight, bias] = [weightOf(params, `${path}.weight`), weightOf(params, `${path}.bias`)];
  const [mean, variance] = [
    weightOf(params, `${path}.running_mean`),
    weightOf(params, `${path}.running_var`),
  ];
  const result = normalizeBatch(x, weight, bias, ctx.train ? {} : { running: { mean, variance } });
  if (ctx.train && ctx.update) {
    const n = x.size / x.shape[1];
    const move = (old: Tensor, seen: Tensor, factor: number): Tensor =>
      add(mul(old, 1 - MOMENTUM), mul(seen, MOMENTUM * factor));
    ctx.update(`${path}.running_mean`, move(mean, result.mean, 1));
    ctx.update(`${path}.running_var`, move(variance, result.variance, n / Math.max(n - 1, 1)));
  }
  ctx.tap?.(path, x, result.output);
  return result.output;
}
