import { rankBorders } from './internal/rank-borders.js';

/** Finds the scores of given ranks in a few passes over all scores. */
export interface RankValues {
  /** Show all scores, block after block, to each of these in turn. */
  readonly passes: readonly { reduce(scores: Float32Array): void; finish(): void }[];
  /** The score of each rank, once the passes are done. */
  values(): number[];
}

/**
 * The scores with given ascending ranks, exactly and without sorting: the median is that of rank `⌊(n - 1) / 2⌋`.
 *
 * @param ranks - whole numbers from 0 (the smallest score) to one less than the number of scores, which are not negative
 *   and not NaN
 */
export function rankValues(ranks: readonly number[]): RankValues {
  const { passes, borders } = rankBorders(ranks);
  return {
    passes,
    values: () => {
      const bits = Uint32Array.from(borders, (border) => border.bits);
      return Array.from(new Float32Array(bits.buffer));
    },
  };
}
