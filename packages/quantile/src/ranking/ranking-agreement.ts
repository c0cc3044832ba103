import { toVector } from '../internal/matrix.js';

/**
 * Kendall distance: pairs of systems that two rankings order in opposite ways, divided by all pairs (0 to 1).
 *
 * @param a - ranks or any scores of the systems, `[s]`; only their order matters, ties disagree with nothing
 * @param b - ranks or scores in the same direction, `[s]`
 * @throws {RangeError} for different lengths, fewer than two systems, a non-finite value
 */
export function kendallDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { discordant, pairs } = countPairs('kendallDistance', a, b);
  return discordant / pairs;
}

/**
 * Kendall's tau-b: `(concordant - discordant) / √((pairs - ties in a)(pairs - ties in b))`, from -1 to 1.
 *
 * @throws {RangeError} as {@link kendallDistance}; also when all values of one ranking are equal
 */
export function kendallTau(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { concordant, discordant, pairs, tiesA, tiesB } = countPairs('kendallTau', a, b);
  if (tiesA === pairs || tiesB === pairs)
    throw new RangeError('kendallTau: all values of one ranking are equal, the correlation is undefined');
  return (concordant - discordant) / Math.sqrt((pairs - tiesA) * (pairs - tiesB));
}

/**
 * Distortion of a consensus: its mean {@link kendallDistance} to the rankings it came from.
 *
 * @param consensus - scores of the systems in the consensus, `[s]`
 * @param rows - scores per task in the same direction, `[tasks, s]`
 */
export function distortion(consensus: ArrayLike<number>, rows: readonly ArrayLike<number>[]): number {
  if (rows.length === 0) throw new RangeError('distortion: rows is empty, expected at least one ranking');
  return rows.reduce((sum, row) => sum + kendallDistance(consensus, row), 0) / rows.length;
}

/**
 * The share of systems that two rankings have in common among their first `k`.
 *
 * @param a - systems from best to worst
 * @param k - 1 to the number of systems
 */
export function topKAgreement(a: readonly number[], b: readonly number[], k: number): number {
  if (!(Number.isInteger(k) && k >= 1 && k <= Math.min(a.length, b.length)))
    throw new RangeError(
      `topKAgreement: k is ${k}, expected an integer from 1 to ${Math.min(a.length, b.length)}`,
    );
  const top = new Set(a.slice(0, k));
  return b.slice(0, k).filter((system) => top.has(system)).length / k;
}

function countPairs(where: string, first: ArrayLike<number>, second: ArrayLike<number>) {
  const a = toVector(where, 'a', first);
  const b = toVector(where, 'b', second, a.length);
  if (a.length < 2) throw new RangeError(`${where}: got ${a.length} systems, expected at least 2`);
  const counts = { concordant: 0, discordant: 0, tiesA: 0, tiesB: 0, pairs: (a.length * (a.length - 1)) / 2 };
  for (let i = 0; i < a.length; i++)
    for (let j = i + 1; j < a.length; j++) {
      const inA = Math.sign(a[i]! - a[j]!);
      const inB = Math.sign(b[i]! - b[j]!);
      if (inA === 0) counts.tiesA++;
      if (inB === 0) counts.tiesB++;
      if (inA * inB > 0) counts.concordant++;
      if (inA * inB < 0) counts.discordant++;
    }
  return counts;
}
