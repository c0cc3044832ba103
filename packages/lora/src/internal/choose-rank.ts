/** How many singular values are kept. */
export interface RankTarget {
  /** At most so many (default: as many as there are). */
  readonly rank?: number;
  /** As few as keep this share of the energy, `Σ_{i ≤ k} σᵢ² ≥ energy · Σ σᵢ²`, in (0, 1]. */
  readonly energy?: number;
  /** As few as keep the relative error `‖ΔW - BA‖ / ‖ΔW‖` at or below this, in [0, 1). */
  readonly error?: number;
}

/** Refuses targets out of range, by name. */
export function checkRankTarget({ rank, energy, error }: RankTarget, where: string): void {
  const refuse = (expected: string, received: unknown): never => {
    throw new RangeError(`${where}: expected ${expected}, received ${String(received)}`);
  };
  if (rank !== undefined && !(Number.isSafeInteger(rank) && rank >= 1))
    refuse('a whole rank of at least 1', rank);
  if (energy !== undefined && !(energy > 0 && energy <= 1)) refuse('energy above 0 and up to 1', energy);
  if (error !== undefined && !(error >= 0 && error < 1)) refuse('error from 0 to below 1', error);
}

/**
 * The number of singular values to keep, at least 1.
 *
 * @param values - descending; all, or the largest
 * @param total - the sum of the squares of all of them
 */
export function chooseRank(
  values: ArrayLike<number>,
  total: number,
  { rank = Infinity, energy, error }: RankTarget,
): number {
  const most = Math.min(rank, values.length);
  const share = Math.max(energy ?? 0, error === undefined ? 0 : 1 - error ** 2);
  if (share === 0) return Math.max(1, most);
  // Float32 singular values carry errors of about 1e-7 of the largest, so the last one may seem to fall short of all the energy.
  const goal = share * total * (1 - 1e-6);
  let sum = 0;
  for (let k = 0; k < most; k++) {
    sum += values[k]! ** 2;
    if (sum >= goal) return k + 1;
  }
  return Math.max(1, most);
}

/** `exp(H(p))` of the normalised values `p = σ / Σσ`: how many directions matter, from 1 to their number; 0 for none. */
export function effectiveRank(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  if (total === 0) return 0;
  let entropy = 0;
  for (let i = 0; i < values.length; i++) {
    const p = values[i]! / total;
    if (p > 0) entropy -= p * Math.log(p);
  }
  return Math.exp(entropy);
}
