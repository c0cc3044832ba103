/** Guards what a user's `evaluate` gives; infinities are fine, to rule something out. */
export function checkScore(where: string, what: string, score: number): number {
  if (typeof score === 'number' && !Number.isNaN(score)) return score;
  throw new RangeError(`${where}: expected a number as ${what}, received ${String(score)}`);
}
