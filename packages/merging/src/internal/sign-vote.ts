import { SMALLEST_SUM } from './check-weights.js';

export interface SignVoteOptions {
  /** Divide each sum by the weights that went into it. */
  readonly normalize: boolean;
  /** The sign that wins where votes cancel exactly. */
  readonly tie: number;
}

/**
 * TIES's vote: sums those ballots whose sign is the sign of the sum of all ballots.
 *
 * @param ballots - per model, weighted changes `pᵢ`; zeros do not count; the first is overwritten
 * @param weights - per model, `aᵢ`
 * @returns the sums, or means where `normalize` is set; where the weights cancel, the sum
 */
export function agreeingSum(
  ballots: readonly Float64Array[],
  weights: readonly number[],
  { normalize, tie }: SignVoteOptions,
): Float64Array {
  const count = ballots.length;
  const out = ballots[0]!;
  for (let j = 0; j < out.length; j++) {
    let total = 0;
    for (let i = 0; i < count; i++) total += ballots[i]![j]!;
    const isPositive = total > 0 || (total === 0 && tie > 0);
    let sum = 0;
    let divisor = 0;
    for (let i = 0; i < count; i++) {
      const ballot = ballots[i]![j]!;
      if (ballot !== 0 && ballot > 0 === isPositive) {
        sum += ballot;
        divisor += weights[i]!;
      }
    }
    out[j] = normalize && Math.abs(divisor) >= SMALLEST_SUM ? sum / divisor : sum;
  }
  return out;
}

/** How many more weights the sum of ballots is positive for than negative. */
export function majority(ballots: readonly Float64Array[]): number {
  let balance = 0;
  for (let j = 0; j < ballots[0]!.length; j++) {
    let total = 0;
    for (const ballot of ballots) total += ballot[j]!;
    balance += Math.sign(total);
  }
  return balance;
}
