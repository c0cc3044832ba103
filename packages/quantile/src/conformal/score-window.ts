import { conformalIndex, kthSmallest } from './conformal-quantile.js';

/** Scores in order of arrival, kept sorted as well; beyond `capacity` the oldest leave. */
export interface ScoreWindow {
  add(score: number): void;
  /** The scores from small to large. */
  sorted(): readonly number[];
  /** The scores from old to new: a JSON-ready copy. */
  values(): number[];
  /** The conformal threshold at miscoverage `alpha`: `+Infinity` when `alpha` is too small, `-Infinity` when `alpha ≥ 1`. */
  threshold(alpha: number): number;
}

/** @param capacity - `Infinity` keeps everything */
export function scoreWindow(initial: ArrayLike<number>, capacity = Infinity): ScoreWindow {
  const order: number[] = Array.from(initial).slice(-capacity);
  const sorted = Array.from(Float64Array.from(order).sort());
  return {
    add(score) {
      order.push(score);
      sorted.splice(firstAtLeast(sorted, score), 0, score);
      if (order.length > capacity) sorted.splice(firstAtLeast(sorted, order.shift()!), 1);
    },
    sorted: () => sorted,
    values: () => order.slice(),
    threshold: (alpha) => kthSmallest(sorted, conformalIndex(sorted.length, alpha)),
  };
}

/** The number of sorted values below `value`. */
export function firstAtLeast(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
