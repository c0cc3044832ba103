import type { GroupUse } from '../permutation-spec.js';

/** Where each place of an axis comes from when its units are taken in the order of `units` (which may be fewer than all). */
export function unitIndex(
  units: ArrayLike<number>,
  size: number,
  { block, parts }: Pick<GroupUse, 'block' | 'parts'>,
): Int32Array<ArrayBuffer> {
  const index = new Int32Array(parts * units.length * block);
  let at = 0;
  for (let part = 0; part < parts; part++) {
    for (let i = 0; i < units.length; i++) {
      const start = (part * size + units[i]!) * block;
      for (let k = 0; k < block; k++) index[at++] = start + k;
    }
  }
  return index;
}
