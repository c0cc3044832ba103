import { bordaRanking } from './borda.js';
import type { Ranking, RankingOptions, ScoreTable } from './score-table.js';
import { rankBy, readScores } from './score-table.js';

/** The exact search takes `2^s · s²` steps and `8 · 2^s` bytes. */
const MAX_SYSTEMS = 20;

export interface KemenyRanking extends Ranking {
  /** Total Kendall distance to the rows: pairs that a row orders the other way. Ties in a row cost nothing. */
  readonly distance: number;
}

/**
 * The exact Kemeny consensus: the order with the least total Kendall distance to the rankings of the rows.
 *
 * `argmin_π Σ_t #{pairs ordered by row t and by π in opposite ways}`, by dynamic programming over subsets
 *
 * Among several optima the first in order of the columns. `scores` of the answer are `s - rank`. Partial rows count for
 * the pairs they contain.
 *
 * @param scores - `[tasks, systems]`, 2 to 20 systems
 * @throws {RangeError} as {@link bordaRanking}; also for more than 20 systems (use {@link localKemenyRanking})
 * @see Kemeny 1959; Colombo et al. 2022, arXiv:2202.03799
 */
export function kemenyRanking(scores: ScoreTable, options: RankingOptions = {}): KemenyRanking {
  const where = 'kemenyRanking';
  const rows = readScores(where, scores, options);
  const systems = rows[0]!.length;
  if (systems > MAX_SYSTEMS)
    throw new RangeError(
      `${where}: ${systems} systems are too many for the exact search (at most ${MAX_SYSTEMS}), use localKemenyRanking`,
    );
  const cost = disagreements(rows);
  return consensus(exactOrder(cost), cost);
}

/**
 * Borda's order improved by swapping neighbours for as long as that lowers the Kendall distance: a good consensus for any
 * number of systems, not always the best one.
 *
 * @throws {RangeError} as {@link bordaRanking}
 */
export function localKemenyRanking(scores: ScoreTable, options: RankingOptions = {}): KemenyRanking {
  const cost = disagreements(readScores('localKemenyRanking', scores, options));
  const order = [...bordaRanking(scores, options).order];
  for (let swapped = true; swapped;) {
    swapped = false;
    for (let i = 0; i + 1 < order.length; i++) {
      const [a, b] = [order[i]!, order[i + 1]!];
      if (cost[a]![b]! <= cost[b]![a]!) continue;
      [order[i], order[i + 1]] = [b, a];
      swapped = true;
    }
  }
  return consensus(order, cost);
}

/** `[a][b]`: how many rows put `b` strictly above `a`, the cost of ranking `a` above `b`. */
function disagreements(rows: readonly Float64Array[]): Float64Array[] {
  const cost = Array.from(rows[0]!, () => new Float64Array(rows[0]!.length));
  for (const row of rows)
    for (let a = 0; a < row.length; a++)
      for (let b = 0; b < row.length; b++) if (row[b]! > row[a]!) cost[a]![b]!++;
  return cost;
}

/** `best[S] = min over i in S of (cost of i above the rest of S) + best[S without i]`. */
function exactOrder(cost: readonly Float64Array[]): number[] {
  const systems = cost.length;
  const best = new Float64Array(1 << systems);
  const first = (set: number): { value: number; system: number } => {
    let value = Infinity;
    let system = -1;
    for (let i = 0; i < systems; i++) {
      if (!(set & (1 << i))) continue;
      const rest = set & ~(1 << i);
      let total = best[rest]!;
      for (let left = rest; left && total < value; left &= left - 1)
        total += cost[i]![31 - Math.clz32(left & -left)]!;
      if (total < value) [value, system] = [total, i];
    }
    return { value, system };
  };
  for (let set = 1; set < best.length; set++) best[set] = first(set).value;
  const order: number[] = [];
  for (let set = best.length - 1; set; set &= ~(1 << order.at(-1)!)) order.push(first(set).system);
  return order;
}

function consensus(order: readonly number[], cost: readonly Float64Array[]): KemenyRanking {
  const scores = new Float64Array(order.length);
  order.forEach((system, place) => (scores[system] = order.length - 1 - place));
  let distance = 0;
  order.forEach((a, place) => order.slice(place + 1).forEach((b) => (distance += cost[a]![b]!)));
  return { ...rankBy(scores), distance };
}
