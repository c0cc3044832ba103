import { arange, reshape, scaledDotProductAttention, type Tensor, transpose } from '@weightloom/tensor-gpu';
import type { ApplyContext } from '../model.js';
import { visible } from './key-value-cache.js';
import { type RopeTable, rotate } from './rope.js';

/** How queries, keys and values meet. */
export interface AttentionOptions {
  /** Name of the layer; keys and values of earlier positions are cached under it. */
  readonly path: string;
  readonly heads: number;
  /** Heads of keys and values, shared by `heads / kvHeads` query heads each; default `heads`. */
  readonly kvHeads?: number;
  /** Whether a position sees only itself and earlier ones. */
  readonly causal: boolean;
  /** With `causal`: how many positions one sees, itself included; default all that are earlier. */
  readonly window?: number;
  /** Rotates queries and keys. */
  readonly rope?: RopeTable;
  /** int32 `[T]`, the positions of this block; needed with `rope` and with a cache. */
  readonly positions?: Tensor;
}

/**
 * Multi-head attention after the projections, before the output projection.
 *
 * @param q - `[B, T, heads · d]` @param k - `[B, T, kvHeads · d]` @param v - as `k`
 * @returns `[B, T, heads · d]`
 */
export function attend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { path, heads, kvHeads = heads, causal, window = Infinity, rope, positions }: AttentionOptions,
  { cache }: ApplyContext = {},
): Tensor {
  const [b, t, width] = q.shape;
  const d = width / heads;
  const group = heads / kvHeads;
  const turn = (x: Tensor): Tensor => (rope ? rotate(x, positions!, rope) : x);
  const byHead = (x: Tensor, count: number): Tensor => transpose(reshape(x, [b, t, count, d]), [0, 2, 1, 3]);
  const query = turn(byHead(q, heads));
  const fresh = { key: turn(byHead(k, kvHeads)), value: byHead(v, kvHeads) };
  const { key, value, mask } = cache
    ? cache.extend(path, fresh, positions!, window)
    : { ...fresh, mask: window < t ? visible(arange(t), arange(t), window) : undefined };
  const options = mask ? { mask } : { causal };
  if (group === 1) return merge(scaledDotProductAttention(query, key, value, options));
  // Several query heads share one of keys: an axis more on the left, a broadcast one on the right.
  const shared = (x: Tensor): Tensor => reshape(x, [b, kvHeads, 1, x.shape[2], d]);
  const grouped = scaledDotProductAttention(
    reshape(query, [b, kvHeads, group, t, d]),
    shared(key),
    shared(value),
    options,
  );
  return merge(reshape(grouped, [b, heads, t, d]));
}

/** `[B, H, T, d] → [B, T, H · d]`. */
const merge = (x: Tensor): Tensor => {
  const [b, h, t, d] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [b, t, h * d]);
};
