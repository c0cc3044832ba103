import type { Matrix } from './matrix.js';

/** Features cut into at most 256 bins each. */
export interface BinnedFeatures {
  /** Bin of every cell, column-major: row `i` of feature `f` is `bins[f * n + i]`. */
  readonly bins: Uint8Array;
  /** Upper ends of all bins but the last, per feature: `x ≤ cuts[f][b]` means a bin of at most `b`. */
  readonly cuts: readonly Float64Array[];
  readonly n: number;
  readonly d: number;
}

/**
 * Cuts every feature at (about) evenly spaced sample quantiles, midway between neighbouring values.
 *
 * @param most - number of bins per feature, 2 to 256
 */
export function binFeatures({ data, rows: n, columns: d }: Matrix, most: number): BinnedFeatures {
  const bins = new Uint8Array(n * d);
  const cuts = Array.from({ length: d }, (_, f) => {
    const column = Float64Array.from({ length: n }, (__, i) => data[i * d + f]!);
    const ends = columnCuts(column.slice().sort(), most);
    for (let i = 0; i < n; i++) bins[f * n + i] = countBelow(ends, column[i]!);
    return ends;
  });
  return { bins, cuts, n, d };
}

function columnCuts(sorted: Float64Array, most: number): Float64Array {
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const between = (low: number, high: number): number => {
    const middle = low / 2 + high / 2;
    return middle < high ? middle : low;
  };
  if (distinct.length <= most)
    return Float64Array.from(distinct.subarray(1), (value, k) => between(distinct[k]!, value));
  const ends = new Set<number>();
  for (let k = 1; k < most; k++) {
    const at = Math.floor((k * sorted.length) / most);
    const low = sorted[at - 1]!;
    const high = sorted[at]!;
    // A run of equal values cannot be cut; end the bin behind it instead.
    ends.add(low < high ? between(low, high) : low);
  }
  return Float64Array.from(ends);
}

/** How many of the ascending `ends` are below `value`. */
function countBelow(ends: Float64Array, value: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
