import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { Option } from 'commander';
import { sortQuantiles } from '../aggregation/monotone-quantiles.js';
import {
  applyQra,
  factorQuantileRegressionAveraging,
  quantileRegressionAveraging,
} from '../aggregation/quantile-regression-averaging.js';
import { averageModels, medianModels, selectBestModel } from '../aggregation/simple-aggregates.js';
import type { Matrix } from '../internal/matrix.js';
import { pinballLoss } from '../scores/pinball.js';
import { nameList, oneNumber } from './options.js';
import type { Forecast } from './read-forecast.js';
import { matrixRows, readForecast } from './read-forecast.js';
import { writeForecast } from './write-forecast.js';

interface AggregateOptions {
  method: 'average' | 'median' | 'best' | 'qra' | 'factor-qra';
  train?: string[];
  target?: string;
  nonNegative?: boolean;
  sumToOne?: boolean;
  intercept: boolean;
  factors?: number;
  keep?: string[];
  out?: string;
}

/** Adds `aggregate`. */
export function addAggregateCommand(program: Command): void {
  program
    .command('aggregate <forecasts...>')
    .description(
      'combine the quantile forecasts of several models for the same rows (CSV files with columns q<level>)',
    )
    .addOption(
      new Option('--method <name>', 'mean, median, or weights learnt on training forecasts')
        .choices(['average', 'median', 'best', 'qra', 'factor-qra'])
        .default('average'),
    )
    .option(
      '--train <forecasts>',
      'best, qra, factor-qra: forecasts of the same models for rows they did not see',
      nameList,
    )
    .option('--target <column>', 'column of the outcomes in the first training file')
    .option('--non-negative', 'qra: weights of at least 0')
    .option('--sum-to-one', 'qra: weights that sum to 1')
    .option('--no-intercept', 'qra, factor-qra: no constant')
    .option('--factors <count>', 'factor-qra: number of principal components', oneNumber)
    .option('--keep <columns>', 'columns of the first file to copy in front', nameList)
    .option('--out <file>', 'write the combined forecast to a CSV file')
    .action(cliAction<[string[]], AggregateOptions>(({ options }, paths) => aggregate(paths, options)));
}

interface Combined {
  readonly quantiles: Matrix;
  /** What was learnt, for the JSON answer. */
  readonly learnt: Record<string, unknown>;
}

async function aggregate(paths: readonly string[], options: AggregateOptions): Promise<CliResult> {
  const forecasts = await readAll(paths);
  const levels = forecasts[0]!.levels;
  const models = forecasts.map(({ predictions }) => predictions);
  const { quantiles, learnt } = await combine(paths, models, levels, options);
  const text = await writeForecast(paths[0]!, forecasts[0]!, quantiles, options);
  return {
    json: {
      levels,
      method: options.method,
      models: paths,
      ...learnt,
      rows: quantiles.rows,
      ...(options.out === undefined ? { predictions: matrixRows(quantiles) } : { out: options.out }),
    },
    text: text ?? `${quantiles.rows} rows of ${paths.length} models combined to ${options.out}.`,
  };
}

async function combine(
  paths: readonly string[],
  models: readonly Matrix[],
  levels: Float64Array,
  options: AggregateOptions,
): Promise<Combined> {
  const { method } = options;
  if (method === 'average' || method === 'median') {
    if (options.train !== undefined) throw new Error(`--train is no option of method ${method}`);
    return { quantiles: method === 'average' ? averageModels(models) : medianModels(models), learnt: {} };
  }
  const { stack, y } = await readTraining(paths, levels, options);
  if (method === 'best') {
    const { index, losses } = selectBestModel({ models: stack, y, levels });
    return { quantiles: models[index]!, learnt: { best: paths[index], losses } };
  }
  const { intercept, nonNegative, sumToOne, factors } = options;
  const model =
    method === 'qra'
      ? await quantileRegressionAveraging({ models: stack, y, levels, intercept, nonNegative, sumToOne })
      : await factorQuantileRegressionAveraging({ models: stack, y, levels, intercept, factors });
  const pinball = pinballLoss(y, sortQuantiles(applyQra(model, stack)), levels);
  return {
    quantiles: sortQuantiles(applyQra(model, models)),
    learnt: { intercepts: model.intercepts, weights: model.weights, pinball },
  };
}

async function readTraining(
  paths: readonly string[],
  levels: Float64Array,
  { method, train, target }: AggregateOptions,
): Promise<{ stack: Matrix[]; y: Float64Array }> {
  if (train === undefined || target === undefined)
    throw new Error(`method ${method} needs --train and --target`);
  if (train.length !== paths.length)
    throw new Error(`--train names ${train.length} files, expected ${paths.length}, one per model`);
  const forecasts = await readAll(train, target);
  sameLevels(paths[0]!, levels, train[0]!, forecasts[0]!.levels);
  return { stack: forecasts.map(({ predictions }) => predictions), y: forecasts[0]!.y };
}

/** Forecasts of several models for the same rows; the outcomes stand in the first file. */
async function readAll(paths: readonly string[], target?: string): Promise<Forecast[]> {
  const forecasts: Forecast[] = [];
  for (const [p, path] of paths.entries()) {
    const forecast = await readForecast(path, 'refuse', p === 0 ? target : undefined);
    const first = forecasts[0] ?? forecast;
    sameLevels(paths[0]!, first.levels, path, forecast.levels);
    if (forecast.predictions.rows !== first.predictions.rows)
      throw new Error(
        `${path} has ${forecast.predictions.rows} rows, expected ${first.predictions.rows} as in ${paths[0]}`,
      );
    forecasts.push(forecast);
  }
  return forecasts;
}

function sameLevels(firstPath: string, first: Float64Array, path: string, levels: Float64Array): void {
  if (levels.length === first.length && levels.every((level, k) => Math.abs(level - first[k]!) <= 1e-12))
    return;
  throw new Error(`${path} has levels ${levels.join(', ')}, expected ${first.join(', ')} as in ${firstPath}`);
}
