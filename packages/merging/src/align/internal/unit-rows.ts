import { moveAxis, reshape, type Tensor } from '@weightloom/tensor-gpu';
import type { GroupUse } from '../permutation-spec.js';

/** A tensor as one row per unit of a group: `[…, parts · units · block, …] → [units, …]`. */
export function unitRows(t: Tensor, { axis, block, parts }: Omit<GroupUse, 'tensor'>): Tensor {
  const units = t.shape[axis]! / (block * parts);
  const [before, after] = [t.shape.slice(0, axis), t.shape.slice(axis + 1)];
  const apart = reshape(t, [...before, parts, units, block, ...after]);
  const first = moveAxis(apart, axis + 1, 0);
  return reshape(first, [units, t.size / units]);
}
