/** Where a rank lies among scores: the score of that rank, and how many are below or equal. */
export interface RankBorder {
  /** The score, as its bits. */
  readonly bits: number;
  readonly below: number;
  readonly equal: number;
}

/** Two walks over all scores, after which the borders are known. */
export interface RankBorders {
  readonly passes: readonly { reduce(scores: Float32Array): void; finish(): void }[];
  /** One per rank; valid after the passes. */
  readonly borders: readonly RankBorder[];
}

/**
 * The scores of given ascending ranks, found by counting the upper 16 bits of all scores, then, among those with the
 * same upper bits as a wanted one, the lower bits.
 *
 * @param ranks - whole numbers from 0 to one less than the number of scores
 */
export function rankBorders(ranks: readonly number[]): RankBorders {
  const coarse = new Float64Array(2 ** 15);
  const fine = new Map<number, Float64Array>();
  const borders = ranks.map(() => ({ bits: 0, below: 0, equal: 0 }));
  return {
    borders,
    passes: [
      {
        reduce: (scores) => countUpper(bitsOf(scores), coarse),
        finish() {
          ranks.forEach((rank, i) => {
            const [bin, below] = find(coarse, 0, rank);
            borders[i] = { bits: bin, below, equal: 0 };
            fine.set(bin, new Float64Array(2 ** 16));
          });
        },
      },
      {
        reduce(scores) {
          for (const [bin, histogram] of fine) countLower(bitsOf(scores), bin, histogram);
        },
        finish() {
          ranks.forEach((rank, i) => {
            const { bits: upper, below: start } = borders[i]!;
            const histogram = fine.get(upper)!;
            const [lower, below] = find(histogram, start, rank);
            borders[i] = { bits: (upper << 16) | lower, below, equal: histogram[lower]! };
          });
        },
      },
    ],
  };
}

/** The bin that holds a rank, and how many scores are in the bins before it. */
function find(histogram: Float64Array, start: number, rank: number): [bin: number, below: number] {
  let [bin, below] = [0, start];
  while (below + histogram[bin]! <= rank) below += histogram[bin++]!;
  return [bin, below];
}

/** The bits of non-negative floats, which order as the floats do. */
export const bitsOf = (scores: Float32Array): Uint32Array =>
  new Uint32Array(scores.buffer, scores.byteOffset, scores.length);

function countUpper(bits: Uint32Array, histogram: Float64Array): void {
  for (let i = 0; i < bits.length; i++) histogram[bits[i]! >>> 16]!++;
}

function countLower(bits: Uint32Array, bin: number, histogram: Float64Array): void {
  for (let i = 0; i < bits.length; i++) {
    if (bits[i]! >>> 16 === bin) histogram[bits[i]! & 0xffff]!++;
  }
}
