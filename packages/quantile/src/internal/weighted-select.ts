/**
 * Reorders `keys[0..count)` (with `weights` and `ids`) around the first key, in ascending order, at which the running
 * sum of weights reaches `target`, and answers its position; the smaller keys end up before it.
 *
 * Quickselect with a median-of-three pivot: linear on average.
 *
 * @returns the position, or `count` when all weights together stay below `target`
 */
export function weightedSelect(
  keys: Float64Array,
  weights: Float64Array,
  ids: Int32Array,
  count: number,
  target: number,
): number {
  const swap = (i: number, j: number): void => {
    const key = keys[i]!;
    keys[i] = keys[j]!;
    keys[j] = key;
    const weight = weights[i]!;
    weights[i] = weights[j]!;
    weights[j] = weight;
    const id = ids[i]!;
    ids[i] = ids[j]!;
    ids[j] = id;
  };
  let low = 0;
  let high = count;
  let before = 0;
  while (high - low > 1) {
    const pivot = middle(keys[low]!, keys[(low + high) >> 1]!, keys[high - 1]!);
    // Three parts: below the pivot, equal to it, above it.
    let below = low;
    let at = low;
    let above = high;
    let belowSum = 0;
    let equalSum = 0;
    while (at < above) {
      if (keys[at]! < pivot) {
        belowSum += weights[at]!;
        swap(at++, below++);
      } else if (keys[at]! > pivot) swap(at, --above);
      else equalSum += weights[at++]!;
    }
    if (before + belowSum >= target) high = below;
    else if (before + belowSum + equalSum >= target) {
      before += belowSum;
      for (let i = below; i < above - 1; i++) {
        before += weights[i]!;
        if (before >= target) return i;
      }
      return above - 1;
    } else {
      before += belowSum + equalSum;
      low = above;
    }
  }
  if (low < high && before + weights[low]! >= target) return low;
  return low < high ? high : low;
}

const middle = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
