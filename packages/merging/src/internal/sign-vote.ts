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
  const out = ballots[0]!;
  if (ballots.length === 1) voteOfOne(out, weights, normalize);
  else if (ballots.length === 2) voteOfTwo(ballots[0]!, ballots[1]!, weights, normalize, tie);
  else voteOfMany(ballots, weights, normalize, tie);
  return out;
}

/** A single voter always wins. */
function voteOfOne(ballot: Float64Array, [weight]: readonly number[], normalize: boolean): void {
  if (!normalize || Math.abs(weight!) < SMALLEST_SUM) return;
  for (let j = 0; j < ballot.length; j++) ballot[j] = ballot[j]! / weight!;
}

/** Where both agree their sum counts, else the larger one; where they cancel, the one with the sign of `tie`. */
function voteOfTwo(
  first: Float64Array,
  second: Float64Array,
  [a, b]: readonly number[],
  normalize: boolean,
  tie: number,
): void {
  for (let j = 0; j < first.length; j++) {
    const x = first[j]!;
    const y = second[j]!;
    const sign = Math.sign(x + y) || tie;
    const countsX = x * sign > 0;
    const countsY = y * sign > 0;
    const total = (countsX ? x : 0) + (countsY ? y : 0);
    const divisor = normalize ? (countsX ? a! : 0) + (countsY ? b! : 0) : 1;
    first[j] = Math.abs(divisor) >= SMALLEST_SUM ? total / divisor : total;
  }
}

function voteOfMany(
  ballots: readonly Float64Array[],
  weights: readonly number[],
  normalize: boolean,
  tie: number,
): void {
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
