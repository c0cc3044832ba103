/** A conformal threshold: `value` is `+Infinity` exactly when `reason` says why no finite one is honest. */
export interface ConformalQuantile {
  readonly value: number;
  readonly reason: string | null;
}

/** Guards `(n + 1)(1 - α)` against float error before rounding: `(1 - 0.2) · 10` must give 8, not 9. */
const SLACK = 1e-9;

/** `k = ⌈(n + 1)(1 - α)⌉`: which smallest score, counted from 1, is the threshold; `k > n` means none is. */
export function conformalIndex(count: number, alpha: number): number {
  return Math.ceil((count + 1) * (1 - alpha) - SLACK);
}

/** Why `count` scores give no finite threshold at level `alpha`, or null when they do. */
export function shortageReason(count: number, alpha: number, what = 'calibration scores'): string | null {
  if (conformalIndex(count, alpha) <= count) return null;
  if (alpha <= 0) return `coverage ${1 - alpha} asks for an infinite interval whatever the data`;
  const needed = Math.ceil(1 / alpha - 1 - SLACK);
  return `${count} ${what} cannot give coverage ${trim(1 - alpha)}: at least ${needed} are needed`;
}

/**
 * The finite-sample conformal quantile of scores.
 *
 * The `k`-th smallest score with `k = ⌈(n + 1)(1 - α)⌉`, counted from 1. A new exchangeable score is at most this
 * with probability at least `1 - α`. With `k > n` the value is `+Infinity` and `reason` tells how many scores are
 * needed; it is never replaced by the largest score.
 *
 * @param scores - conformity scores, any order, no NaN
 * @param alpha - miscoverage, in the open interval (0, 1)
 * @throws {RangeError} when `scores` is empty or holds NaN, or `alpha` is outside (0, 1)
 * @see Vovk, Gammerman, Shafer 2005; Lei et al. 2018, arXiv:1604.04173
 */
export function conformalQuantile(scores: ArrayLike<number>, alpha: number): ConformalQuantile {
  checkAlpha('conformalQuantile', alpha);
  if (scores.length === 0) throw new RangeError('conformalQuantile: scores is empty, expected at least one');
  const sorted = Float64Array.from(scores).sort();
  // Float64Array sorts NaN last.
  if (Number.isNaN(sorted[sorted.length - 1])) throw new RangeError('conformalQuantile: scores holds NaN');
  return {
    value: kthSmallest(sorted, conformalIndex(sorted.length, alpha)),
    reason: shortageReason(sorted.length, alpha),
  };
}

/** The `k`-th smallest of sorted values, counted from 1: `-Infinity` for `k < 1`, `+Infinity` beyond the end. */
export function kthSmallest(sorted: ArrayLike<number>, k: number): number {
  if (k < 1) return -Infinity;
  return k > sorted.length ? Infinity : sorted[k - 1]!;
}

export function checkAlpha(where: string, alpha: number): void {
  if (typeof alpha !== 'number') throw new TypeError(`${where}: alpha must be a number, got ${typeof alpha}`);
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`${where}: alpha is ${alpha}, expected a number in (0, 1)`);
}

/** A level as people write it: 0.9, not 0.9000000000000001. */
export function trim(value: number): string {
  return String(Number(value.toPrecision(12)));
}
