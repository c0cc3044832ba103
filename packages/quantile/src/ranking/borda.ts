import type { Ranking, RankingOptions, ScoreTable } from './score-table.js';
import { rankBy, readScores } from './score-table.js';

/**
 * Borda consensus of the rankings that each row of scores induces.
 *
 * `points_s = Σ_t #{systems below s in row t} + ½ #{others equal to s}`, sorted from high to low
 *
 * Unchanged by any strictly increasing transform of one row, unlike the mean. With `missing: 'partial'` the points of a
 * row are divided by the number of rivals present and averaged over the rows where the system is present (0 to 1).
 *
 * @param scores - `[tasks, systems]`, higher is better unless `lowerIsBetter`
 * @throws {RangeError} for no row, fewer than two systems, a missing cell (unless allowed), an infinite score,
 *   a system that no row contains
 * @see Colombo, Noiry, Irurozki, Clémençon 2022, arXiv:2202.03799 (ties there are broken by position)
 */
export function bordaRanking(scores: ScoreTable, options: RankingOptions = {}): Ranking {
  return rankBy(bordaPoints('bordaRanking', readScores('bordaRanking', scores, options), options));
}

/**
 * Borda over all test instances of all tasks at once: a task counts by its number of instances.
 *
 * @param tasks - one table per task, `[instances, systems]`; `lowerIsBetter` has one value per task
 * @see Colombo et al. 2022, arXiv:2202.03799 (one-level aggregation)
 */
export function bordaOneLevel(tasks: readonly ScoreTable[], options: RankingOptions = {}): Ranking {
  return rankBy(bordaPoints('bordaOneLevel', readTasks('bordaOneLevel', tasks, options).flat(), options));
}

/**
 * Borda over the instances inside each task, then Borda over the task rankings: each task counts once. The paper's
 * recommendation for instance-level scores.
 *
 * @param tasks - one table per task, `[instances, systems]`; `lowerIsBetter` has one value per task
 * @see Colombo et al. 2022, arXiv:2202.03799 (two-level aggregation)
 */
export function bordaTwoLevel(tasks: readonly ScoreTable[], options: RankingOptions = {}): Ranking {
  const where = 'bordaTwoLevel';
  const perTask = readTasks(where, tasks, options).map((rows) => bordaPoints(where, rows, options, false));
  return rankBy(bordaPoints(where, perTask, options));
}

/** Checked instance tables of several tasks over the same systems. */
export function readTasks(
  where: string,
  tasks: readonly ScoreTable[],
  options: RankingOptions,
): Float64Array[][] {
  if (!Array.isArray(tasks))
    throw new TypeError(`${where}: tasks must be an array of tables, got ${typeof tasks}`);
  if (tasks.length === 0) throw new RangeError(`${where}: tasks is empty, expected at least one task`);
  const { lowerIsBetter } = options;
  if (lowerIsBetter && lowerIsBetter.length !== tasks.length)
    throw new RangeError(
      `${where}: lowerIsBetter has ${lowerIsBetter.length} values, expected ${tasks.length}`,
    );
  const out = tasks.map((table: ScoreTable, t) => {
    const flags = lowerIsBetter ? new Array<boolean>(table.length).fill(lowerIsBetter[t]!) : undefined;
    return readScores(where, table, { ...options, lowerIsBetter: flags }, `tasks[${t}]`);
  });
  const systems = out[0]![0]!.length;
  out.forEach((rows, t) => {
    if (rows[0]!.length !== systems)
      throw new RangeError(
        `${where}: tasks[${t}] has ${rows[0]!.length} systems, expected ${systems} as in tasks[0]`,
      );
  });
  return out;
}

/** Points per system; with partial rows the mean share of rivals beaten, NaN for a system in no row. */
function bordaPoints(
  where: string,
  rows: readonly Float64Array[],
  options: RankingOptions,
  whole = true,
): Float64Array {
  const { missing, ties = 'average' } = options;
  if (ties !== 'average' && ties !== 'position')
    throw new RangeError(`${where}: ties is "${String(ties)}", expected "average" or "position"`);
  const points = new Float64Array(rows[0]!.length);
  const appearances = new Float64Array(points.length);
  for (const row of rows) {
    const present = Array.from(row.keys()).filter((s) => !Number.isNaN(row[s]!));
    const share = missing === 'partial' ? 1 / (present.length - 1) : 1;
    if (present.length < 2) continue;
    present.sort((a, b) => row[a]! - row[b]! || a - b);
    for (let start = 0; start < present.length;) {
      let end = start + 1;
      while (ties === 'average' && end < present.length && row[present[end]!] === row[present[start]!]) end++;
      for (let i = start; i < end; i++) {
        points[present[i]!]! += share * ((start + end - 1) / 2);
        appearances[present[i]!]!++;
      }
      start = end;
    }
  }
  if (missing !== 'partial') return points;
  const absent = appearances.indexOf(0);
  if (whole && absent >= 0)
    throw new RangeError(`${where}: system ${absent} has no score beside another system's`);
  return points.map((value, s) => value / appearances[s]!);
}
