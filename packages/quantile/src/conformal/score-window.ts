import { conformalIndex, kthSmallest } from './conformal-quantile.js';

/** Scores in order of arrival, kept sorted as well; beyond `capacity` the oldest leave. */
export interface ScoreWindow {
  add(scores: readonly number[]): void;
  /** The scores from small to large. */
  sorted(): readonly number[];
  /** The scores from old to new: a JSON-ready copy. */
  values(): number[];
  /** The conformal threshold at miscoverage `alpha`: `+Infinity` when `alpha` is too small, `-Infinity` when `alpha ≥ 1`. */
  threshold(alpha: number): number;
}

/** Up to so many new scores are inserted one by one; more are sorted together. */
const FEW = 16;

/** @param capacity - `Infinity` keeps everything */
export function scoreWindow(initial: ArrayLike<number>, capacity = Infinity): ScoreWindow {
  let order: number[] = Array.from(initial).slice(-capacity);
  let sorted = sortNumbers(order);
  return {
    add(scores) {
      if (scores.length > FEW) {
        order = order.concat(scores).slice(-capacity);
        sorted = sortNumbers(order);
        return;
      }
      for (const score of scores) {
        order.push(score);
        sorted.splice(firstAtLeast(sorted, score), 0, score);
        if (order.length > capacity) sorted.splice(firstAtLeast(sorted, order.shift()!), 1);
      }
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

export function sortNumbers(values: ArrayLike<number>): number[] {
  return Array.from(Float64Array.from(values).sort());
}
