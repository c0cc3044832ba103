import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { Option } from 'commander';
import { bordaOneLevel, bordaRanking, bordaTwoLevel } from '../ranking/borda.js';
import type { KemenyRanking } from '../ranking/kemeny.js';
import { kemenyRanking, localKemenyRanking } from '../ranking/kemeny.js';
import { meanOfTaskMeans, meanRanking } from '../ranking/mean-ranking.js';
import type { Ranking, RankingOptions } from '../ranking/score-table.js';
import { isMissing, numberCell } from './cells.js';
import { nameList } from './options.js';
import { columnOf, openCsv } from './read-csv.js';

interface RankOptions {
  task?: string;
  systems?: string[];
  method: 'borda' | 'borda-one-level' | 'kemeny' | 'kemeny-local' | 'mean';
  lowerIsBetter?: string[] | true;
  missing: 'refuse' | 'partial';
}

/** Adds `rank`. */
export function addRankCommand(program: Command): void {
  program
    .command('rank <scores>')
    .description(
      'rank systems (columns of a CSV file) over tasks (rows); rows of one task name are its instances',
    )
    .option('--task <column>', 'column of task names; default: every row is a task')
    .option('--systems <columns>', 'columns of the systems; default every column but the task', nameList)
    .addOption(
      new Option('--method <name>', 'how to find the consensus; borda over instances is two-level')
        .choices(['borda', 'borda-one-level', 'kemeny', 'kemeny-local', 'mean'])
        .default('borda'),
    )
    .option(
      '--lower-is-better [tasks]',
      'tasks (all without a list) whose scores are better when lower',
      nameList,
    )
    .addOption(
      new Option('--missing <policy>', 'missing scores: refuse the file, or rank within the systems present')
        .choices(['refuse', 'partial'])
        .default('refuse'),
    )
    .action(cliAction<[string], RankOptions>(({ options }, path) => rank(path, options)));
}

async function rank(path: string, options: RankOptions): Promise<CliResult> {
  const { systems, tasks } = await readScores(path, options);
  const ranking = consensus(tasks, options);
  const names = ranking.order.map((s) => systems[s]!);
  const distance = (ranking as Partial<KemenyRanking>).distance;
  return {
    json: {
      method: options.method,
      tasks: tasks.size,
      order: names,
      ranks: Object.fromEntries(systems.map((name, s) => [name, ranking.ranks[s]!])),
      scores: Object.fromEntries(systems.map((name, s) => [name, ranking.scores[s]!])),
      ...(distance !== undefined && { distance }),
    },
    text: {
      columns: ['rank', 'system', 'score'],
      rows: ranking.order.map((s) => [ranking.ranks[s]!, systems[s]!, ranking.scores[s]!]),
    },
  };
}

function consensus(tasks: ReadonlyMap<string, readonly number[][]>, options: RankOptions): Ranking {
  const { method, missing, lowerIsBetter } = options;
  const names = [...tasks.keys()];
  const stray = Array.isArray(lowerIsBetter) ? lowerIsBetter.find((name) => !tasks.has(name)) : undefined;
  if (stray !== undefined)
    throw new Error(`--lower-is-better names task "${stray}"; the tasks are ${names.join(', ')}`);
  const lower = (name: string): boolean => lowerIsBetter === true || (lowerIsBetter?.includes(name) ?? false);
  const tables = [...tasks.values()];
  const perTask: RankingOptions = { missing, lowerIsBetter: names.map(lower) };
  const perRow: RankingOptions = {
    missing,
    lowerIsBetter: names.flatMap((name) => tasks.get(name)!.map(() => lower(name))),
  };
  const instances = tables.some((rows) => rows.length > 1);
  if (method === 'kemeny') return kemenyRanking(tables.flat(), perRow);
  if (method === 'kemeny-local') return localKemenyRanking(tables.flat(), perRow);
  if (method === 'borda-one-level') return bordaOneLevel(tables, perTask);
  if (method === 'mean')
    return instances ? meanOfTaskMeans(tables, perTask) : meanRanking(tables.flat(), perRow);
  return instances ? bordaTwoLevel(tables, perTask) : bordaRanking(tables.flat(), perRow);
}

/** Scores by task, in the order of the file; missing cells are NaN. */
async function readScores(
  path: string,
  { task, systems, missing }: RankOptions,
): Promise<{ systems: readonly string[]; tasks: Map<string, number[][]> }> {
  const file = await openCsv(path);
  const taskAt = task === undefined ? undefined : columnOf(file, task);
  const names = systems ?? file.header.filter((name) => name !== task);
  const at = names.map((name) => columnOf(file, name));
  const tasks = new Map<string, number[][]>();
  for await (const { line, cells } of file.rows) {
    const name = taskAt === undefined ? `line ${line}` : cells[taskAt]!.trim();
    const row = at.map((column, s) => {
      const cell = cells[column]!;
      const place = { path, line, column: names[s]!, cure: 'name the column of task names in --task' };
      if (!isMissing(cell)) return numberCell(cell, place, 'never')!;
      if (missing === 'partial') return NaN;
      throw new Error(
        `${path}, line ${line}, column "${names[s]}": the score is missing; fill it in or pass --missing partial`,
      );
    });
    const rows = tasks.get(name);
    if (rows) rows.push(row);
    else tasks.set(name, [row]);
  }
  if (tasks.size === 0) throw new Error(`${path} has no rows`);
  return { systems: names, tasks };
}
