import { bitsOf, type RankBorder, rankBorders } from './internal/rank-borders.js';

/** Finds the elements whose score has a rank in a window, in a few passes over the scores. */
export interface RankWindow {
  /** Show all scores, block after block, to each of these in turn. */
  readonly passes: readonly {
    reduce(scores: Float32Array): void;
    finish(): void;
  }[];
  /**
   * Starts a walk over the scores, to be shown block after block in the same order; call it again for another walk.
   *
   * @returns a function that writes 1 for elements in the window and 0 for others into `mask`
   */
  walk(): (scores: Float32Array, mask: Uint8Array) => void;
}

/**
 * The elements with ascending ranks `from` to `to` (exclusive) among `count` scores, exactly `to - from` of them.
 *
 * Of equal scores the one that comes first has the higher rank, so `rankWindow(n, n - k, n)` keeps the `k` largest and,
 * where the last of these are tied, the first in order. Two histograms over the bits of the scores (their order is that
 * of the numbers) find the borders exactly: no sorting, 1 MiB of memory whatever the count.
 *
 * @param count - number of scores that will be shown
 * @param from - first rank, 0 for the smallest score
 * @param to - one past the last rank, `from ≤ to ≤ count`
 * Scores are non-negative and not NaN.
 */
export function rankWindow(count: number, from: number, to: number): RankWindow {
  if (!(from >= 0 && from <= to && to <= count)) {
    throw new RangeError(`rankWindow: expected 0 ≤ from ≤ to ≤ ${count}, received ${from} and ${to}`);
  }
  if (from === to || (from === 0 && to === count)) {
    const kept = from === to ? 0 : 1;
    return { passes: [], walk: () => (scores, mask) => void mask.fill(kept, 0, scores.length) };
  }
  // The lowest element inside, and the highest.
  const { passes, borders } = rankBorders([from, to - 1]);
  return { passes, walk: () => walk(borders[0]!, borders[1]!, from, to) };
}

function walk(low: RankBorder, high: RankBorder, from: number, to: number): ReturnType<RankWindow['walk']> {
  const seen = { low: 0, high: 0 };
  return (scores, mask) => {
    const bits = bitsOf(scores);
    if (markBetween(bits, low.bits, high.bits, mask) === 0) return;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] === low.bits) {
        const rank = low.below + low.equal - 1 - seen.low++;
        mask[i] = rank >= from && rank < to ? 1 : 0;
      } else if (bits[i] === high.bits) {
        const rank = high.below + high.equal - 1 - seen.high++;
        mask[i] = rank < to ? 1 : 0;
      }
    }
  };
}

/**
 * 1 where `low < bits < high`, without branches: a processor cannot foresee which scores are large.
 *
 * @returns whether any score is equal to a border (1) or none (0)
 */
function markBetween(bits: Uint32Array, low: number, high: number, mask: Uint8Array): number {
  let ties = 0;
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i]! | 0;
    mask[i] = ((low - value) >>> 31) & ((value - high) >>> 31);
    ties |= ((value ^ low) - 1) | ((value ^ high) - 1);
  }
  return ties >>> 31;
}
