/**
 * Scores of systems on several tasks (or test instances): one row per task, one column per system, higher is better.
 * `null`, `undefined` and NaN are missing cells.
 */
export type ScoreTable = readonly ArrayLike<number | null | undefined>[];

export interface RankingOptions {
  /** Tasks (rows) whose scores are better when lower, `[tasks]`; default none. */
  readonly lowerIsBetter?: readonly boolean[] | undefined;
  /** `refuse` (default) throws on a missing cell; `partial` ranks each row within the systems present. */
  readonly missing?: 'refuse' | 'partial' | undefined;
  /**
   * Equal scores in one row: `average` (default) shares the points; `position` gives the earlier system the lower rank
   * (the double argsort of the reference code), which makes the answer depend on the order of the columns.
   */
  readonly ties?: 'average' | 'position' | undefined;
}

/** A consensus over systems `0 … s - 1`. */
export interface Ranking {
  /** Systems from best to worst; equal scores keep the order of the columns. */
  readonly order: readonly number[];
  /** Rank of each system, 1 is best; equal scores share the average rank. `[s]` */
  readonly ranks: Float64Array;
  /** What the ranking sorts by, higher is better. `[s]` */
  readonly scores: Float64Array;
}

/** Checked rows, signs turned so that higher is better, NaN where missing. */
export function readScores(
  where: string,
  table: ScoreTable,
  options: RankingOptions,
  name = 'scores',
): Float64Array[] {
  const { lowerIsBetter, missing = 'refuse' } = options;
  if (!Array.isArray(table))
    throw new TypeError(`${where}: ${name} must be an array of rows, got ${typeof table}`);
  if (missing !== 'refuse' && missing !== 'partial')
    throw new RangeError(`${where}: missing is "${String(missing)}", expected "refuse" or "partial"`);
  if (table.length === 0) throw new RangeError(`${where}: ${name} is empty, expected at least one row`);
  if (lowerIsBetter && lowerIsBetter.length !== table.length)
    throw new RangeError(
      `${where}: lowerIsBetter has ${lowerIsBetter.length} values, expected ${table.length}`,
    );
  const systems = table[0]!.length;
  if (systems < 2) throw new RangeError(`${where}: ${name} has ${systems} system, expected at least 2`);
  return table.map((row: ArrayLike<number | null | undefined>, t) => {
    if (row.length !== systems)
      throw new RangeError(
        `${where}: ${name}[${t}] has ${row.length} systems, expected ${systems} as in row 0`,
      );
    return Float64Array.from({ length: systems }, (_, s) => {
      const value = row[s] ?? NaN;
      if (typeof value !== 'number')
        throw new TypeError(`${where}: ${name}[${t}][${s}] must be a number, got ${typeof value}`);
      if (Number.isNaN(value) && missing === 'refuse')
        throw new RangeError(
          `${where}: ${name}[${t}][${s}] is missing; pass missing: 'partial' to rank within the systems present`,
        );
      if (Math.abs(value) === Infinity)
        throw new RangeError(`${where}: ${name}[${t}][${s}] is ${value}, expected a finite number`);
      return lowerIsBetter?.[t] ? -value : value;
    });
  });
}

/** Sorts systems by score, best first. */
export function rankBy(scores: Float64Array): Ranking {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const ranks = new Float64Array(scores.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + end + 1) / 2;
    start = end;
  }
  return { order, ranks, scores };
}
