import { key } from '@weightloom/tensor-gpu';
import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { dieboldMariano } from '../scores/diebold-mariano.js';
import { pairedBootstrap } from '../scores/paired-bootstrap.js';
import { pinball } from '../scores/pinball.js';
import type { QuantileScores } from '../scores/score-quantiles.js';
import { scoreQuantiles } from '../scores/score-quantiles.js';
import type { MissingPolicy } from './cells.js';
import { NumberList } from './number-list.js';
import { wholeNumber, withMissing } from './options.js';
import { rowChunks } from './read-csv.js';
import { openForecast } from './read-forecast.js';

interface ScoreOptions {
  target: string;
  against?: string;
  horizon: number;
  seed: number;
  missing: MissingPolicy;
}

const CHUNK = 8192;

/** Adds `score`. */
export function addScoreCommand(program: Command): void {
  const command = program
    .command('score <forecast>')
    .description(
      'score a CSV file of quantile forecasts (columns q<level>) against a column of outcomes; streams',
    )
    .requiredOption('--target <column>', 'column of the outcomes')
    .option('--against <forecast>', 'a second forecast of the same rows: test which of the two is better')
    .option('--horizon <steps>', 'steps ahead of the forecasts, for the test', wholeNumber, 1)
    .option('--seed <number>', 'seed of the bootstrap', wholeNumber, 0);
  withMissing(command).action(cliAction<[string], ScoreOptions>(({ options }, path) => score(path, options)));
}

async function score(path: string, options: ScoreOptions): Promise<CliResult> {
  const first = await scoreFile(path, options);
  if (options.against === undefined) {
    const { levels, dropped, scores } = first;
    return {
      json: { ...scores, ...(dropped > 0 && { dropped }) },
      text: [levelTable(scores), overallTable([['', scores]]), ...intervalTable(scores, levels)],
    };
  }
  const second = await scoreFile(options.against, options);
  if (second.losses.length !== first.losses.length)
    throw new Error(
      `${options.against} has ${second.losses.length} rows, expected ${first.losses.length} as in ${path}`,
    );
  const test = dieboldMariano(first.losses.values(), second.losses.values(), { horizon: options.horizon });
  const bootstrap = pairedBootstrap(first.losses.values(), second.losses.values(), {
    key: key(options.seed),
    blockLength: options.horizon,
  });
  return {
    json: { first: first.scores, second: second.scores, dieboldMariano: test, bootstrap },
    text: [
      overallTable([
        [path, first.scores],
        [options.against, second.scores],
      ]),
      {
        columns: [
          'test on the mean pinball loss',
          'difference',
          'statistic',
          'p-value',
          '95% from',
          '95% to',
        ],
        rows: [
          ['Diebold-Mariano', test.meanDifference, test.statistic, test.pValue, null, null],
          [
            'paired bootstrap',
            bootstrap.meanDifference,
            null,
            bootstrap.pValue,
            bootstrap.lower,
            bootstrap.upper,
          ],
        ],
      },
    ],
  };
}

interface ScoredFile {
  readonly levels: Float64Array;
  readonly scores: QuantileScores;
  /** Mean pinball loss of each row. */
  readonly losses: NumberList;
  readonly dropped: number;
}

/** Scores a file in blocks: every score is a mean over rows, so blocks combine by their counts. */
async function scoreFile(path: string, { target, missing }: ScoreOptions): Promise<ScoredFile> {
  const { levels, rows } = await openForecast(path, missing, target);
  const losses = new NumberList();
  let scores: QuantileScores | undefined;
  let dropped = 0;
  for await (const chunk of rowChunks(rows, CHUNK)) {
    const complete = chunk.filter((row) => row !== undefined);
    dropped += chunk.length - complete.length;
    if (complete.length === 0) continue;
    const part = scoreQuantiles(
      complete.map(({ outcome }) => outcome),
      complete.map(({ quantiles }) => quantiles),
      levels,
    );
    scores = scores ? combine(scores, part) : part;
    for (const { outcome, quantiles } of complete) {
      let sum = 0;
      quantiles.forEach((q, k) => (sum += pinball(outcome - q, levels[k]!)));
      losses.push(sum / levels.length);
    }
  }
  if (!scores) throw new Error(`${path} has no ${dropped > 0 ? 'complete ' : ''}rows`);
  return { levels, scores, losses, dropped };
}

/** Scores of two blocks of rows together. */
function combine(a: QuantileScores, b: QuantileScores): QuantileScores {
  const count = a.count + b.count;
  const mix = (x: number, y: number): number => (a.count * x + b.count * y) / count;
  const mixAll = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, k) => mix(value, y[k]!));
  const coverage = mixAll(a.coverage, b.coverage);
  return {
    count,
    levels: a.levels,
    pinball: mixAll(a.pinball, b.pinball),
    meanPinball: mix(a.meanPinball, b.meanPinball),
    crps: mix(a.crps, b.crps),
    coverage,
    calibrationError:
      coverage.reduce((sum, share, k) => sum + Math.abs(share - a.levels[k]!), 0) / coverage.length,
    crossing: mix(a.crossing, b.crossing),
    ...(a.wis &&
      b.wis && {
        wis: {
          total: mix(a.wis.total, b.wis.total),
          dispersion: mix(a.wis.dispersion, b.wis.dispersion),
          overPrediction: mix(a.wis.overPrediction, b.wis.overPrediction),
          underPrediction: mix(a.wis.underPrediction, b.wis.underPrediction),
        },
      }),
    intervals: a.intervals.map(({ nominal, coverage: share, meanWidth }, k) => ({
      nominal,
      coverage: mix(share, b.intervals[k]!.coverage),
      meanWidth: mix(meanWidth, b.intervals[k]!.meanWidth),
    })),
  };
}

const levelTable = ({ levels, pinball: losses, coverage }: QuantileScores) => ({
  columns: ['level', 'pinball', 'coverage'],
  rows: Array.from(levels, (level, k) => [level, losses[k]!, coverage[k]!]),
});

const overallTable = (entries: readonly (readonly [string, QuantileScores])[]) => ({
  columns: ['forecast', 'rows', 'mean pinball', 'CRPS', 'WIS', 'calibration error', 'crossing'],
  rows: entries.map(([name, { count, meanPinball, crps, wis, calibrationError, crossing }]) => [
    name,
    count,
    meanPinball,
    crps,
    wis?.total ?? null,
    calibrationError,
    crossing,
  ]),
});

const intervalTable = ({ intervals }: QuantileScores, levels: Float64Array) =>
  intervals.length === 0
    ? []
    : [
        {
          columns: ['interval', 'nominal', 'coverage', 'mean width'],
          rows: intervals.map(({ nominal, coverage, meanWidth }, k) => [
            `q${levels[k]} to q${levels[levels.length - 1 - k]}`,
            nominal,
            coverage,
            meanWidth,
          ]),
        },
      ];
