import { embedding as rows, foldIn, type Key, normal, type Tensor } from '@weightloom/tensor-gpu';
import { weightOf } from '../internal/dict.js';
import type { ApplyContext, StateDict } from '../model.js';

/** Rows of `<path>.weight` `[V, D]` by number: int32 `[…]` → `[…, D]`. Numbers out of range are refused when it runs. */
export function embedding(params: StateDict, path: string, index: Tensor, ctx: ApplyContext = {}): Tensor {
  const out = rows(weightOf(params, `${path}.weight`), index);
  ctx.tap?.(path, index, out);
  return out;
}

/** A normal start with a standard deviation. */
export const initNormal = (
  key: Key,
  name: string,
  shape: readonly number[],
  std: number,
): [string, Tensor] => [name, normal(foldIn(key, name), shape, 0, std)];
