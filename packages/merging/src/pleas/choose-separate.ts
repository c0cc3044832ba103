import { checkNumber } from '../internal/check-number.js';

/**
 * Which pairs of a group stay apart: the `round(ratio · n)` that are least alike, so that 0 merges all and 1 none.
 *
 * @param similarities - of unit `i` of `a` and its partner, as {@link activationMatching} gives them
 * @param ratio - from 0 to 1
 * @returns units of `a`, ascending; of equal pairs the later ones stay apart
 */
export function chooseSeparate(similarities: ArrayLike<number>, ratio: number): Int32Array {
  checkNumber('chooseSeparate', 'ratio', ratio, 0, 1);
  const ranked = Array.from({ length: similarities.length }, (_, unit) => unit).sort(
    (i, j) => similarities[i]! - similarities[j]! || j - i,
  );
  return Int32Array.from(ranked.slice(0, Math.round(ratio * ranked.length))).sort();
}
