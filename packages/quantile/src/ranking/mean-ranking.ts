import { readTasks } from './borda.js';
import type { Ranking, RankingOptions, ScoreTable } from './score-table.js';
import { rankBy, readScores } from './score-table.js';

/**
 * The usual baseline: systems sorted by their mean score over tasks. Depends on the scale of each task.
 *
 * @param scores - `[tasks, systems]`; with `missing: 'partial'` each mean is over the tasks present
 * @throws {RangeError} as `bordaRanking` does
 */
export function meanRanking(scores: ScoreTable, options: RankingOptions = {}): Ranking {
  return rankBy(columnMeans('meanRanking', readScores('meanRanking', scores, options)));
}

/**
 * Mean over the instances of each task, then over tasks.
 *
 * @param tasks - one table per task, `[instances, systems]`
 */
export function meanOfTaskMeans(tasks: readonly ScoreTable[], options: RankingOptions = {}): Ranking {
  const where = 'meanOfTaskMeans';
  const perTask = readTasks(where, tasks, options).map((rows) => columnMeans(where, rows, false));
  return rankBy(columnMeans(where, perTask));
}

function columnMeans(where: string, rows: readonly Float64Array[], whole = true): Float64Array {
  return rows[0]!.map((_, s) => {
    const present = rows.map((row) => row[s]!).filter((value) => !Number.isNaN(value));
    if (whole && present.length === 0) throw new RangeError(`${where}: system ${s} has no score`);
    return present.reduce((sum, value) => sum + value, 0) / present.length;
  });
}
