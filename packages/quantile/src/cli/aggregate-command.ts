import { cliAction, type CliContext, type CliResult } from '@weightloom/cli-kit/node';
import { key } from '@weightloom/tensor-gpu';
import type { Command } from 'commander';
import { Option } from 'commander';
import { aggregateQuantiles } from '../aggregation/aggregate-quantiles.js';
import type { Resolution } from '../aggregation/combine-weights.js';
import { sortQuantiles } from '../aggregation/monotone-quantiles.js';
import {
  applyQra,
  factorQuantileRegressionAveraging,
  quantileRegressionAveraging,
} from '../aggregation/quantile-regression-averaging.js';
import { averageModels, medianModels, selectBestModel } from '../aggregation/simple-aggregates.js';
import type { Matrix } from '../internal/matrix.js';
import { pinballLoss } from '../scores/pinball.js';
import { nameList, refuseStray, wholeNumber } from './options.js';
import type { FeaturedForecast } from './read-forecast.js';
import { matrixRows, readForecast } from './read-forecast.js';
import { writeForecast } from './write-forecast.js';

/** Methods with their options; giving one to another method is refused. */
const own = {
  average: [],
  median: [],
  best: ['train'],
  qra: ['train', 'nonNegative', 'sumToOne'],
  'factor-qra': ['train', 'factors'],
  global: ['train', 'resolution', 'steps'],
  local: ['train', 'resolution', 'steps', 'features'],
} as const;

interface AggregateOptions {
  method: keyof typeof own;
  train?: string[];
  target?: string;
  nonNegative?: boolean;
  sumToOne?: boolean;
  intercept: boolean;
  factors?: number;
  resolution?: Resolution;
  features?: string[];
  steps?: number;
  seed: number;
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
        .choices(Object.keys(own))
        .default('average'),
    )
    .option(
      '--train <forecasts>',
      'best, qra, factor-qra, global, local: forecasts of the same models for rows they did not see',
      nameList,
    )
    .option('--target <column>', 'column of the outcomes in the first training file')
    .option('--non-negative', 'qra: weights of at least 0')
    .option('--sum-to-one', 'qra: weights that sum to 1')
    .option('--no-intercept', 'qra, factor-qra: no constant')
    .option('--factors <count>', 'factor-qra: number of principal components', wholeNumber)
    .addOption(
      new Option(
        '--resolution <name>',
        'global, local: a weight per model, per model and level, or per pair of levels',
      ).choices(['coarse', 'medium', 'fine']),
    )
    .option(
      '--features <columns>',
      'local: columns of the first file (and the first training file) the weights depend on',
      nameList,
    )
    .option('--steps <count>', 'global, local: most training steps', wholeNumber)
    .option('--seed <number>', 'global, local: seed of whatever is drawn at random', wholeNumber, 0)
    .option('--keep <columns>', 'columns of the first file to copy in front', nameList)
    .option('--out <file>', 'write the combined forecast to a CSV file')
    .action(cliAction<[string[]], AggregateOptions>((context, paths) => aggregate(paths, context)));
}

interface Combined {
  readonly quantiles: Matrix;
  /** What was learnt, for the JSON answer. */
  readonly learnt: Record<string, unknown>;
}

async function aggregate(
  paths: readonly string[],
  context: CliContext<AggregateOptions>,
): Promise<CliResult> {
  const { options } = context;
  refuseStray(options, own);
  if (options.method === 'local' && options.features === undefined)
    throw new Error('method local needs --features');
  const forecasts = await readAll(paths, undefined, options.features);
  const levels = forecasts[0]!.levels;
  const models = forecasts.map(({ predictions }) => predictions);
  const { quantiles, learnt } = await combine(paths, models, forecasts[0]!.x, levels, context);
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
  features: Matrix,
  levels: Float64Array,
  { options, onProgress, signal }: CliContext<AggregateOptions>,
): Promise<Combined> {
  const { method } = options;
  if (method === 'average') return { quantiles: averageModels(models), learnt: {} };
  if (method === 'median') return { quantiles: medianModels(models), learnt: {} };
  const { stack, x, y } = await readTraining(paths, levels, options);
  if (method === 'best') {
    const { index, losses } = selectBestModel({ models: stack, y, levels });
    return { quantiles: models[index]!, learnt: { best: paths[index], losses } };
  }
  if (method === 'global' || method === 'local') {
    const { resolution, steps, seed } = options;
    const local = method === 'local';
    const aggregator = await aggregateQuantiles({
      models: stack,
      y,
      levels,
      locality: method,
      resolution,
      maxSteps: steps,
      key: key(seed),
      onProgress,
      signal,
      ...(local && { x }),
    });
    return {
      quantiles: aggregator.predict(models, local ? features : undefined),
      learnt: {
        resolution: aggregator.resolution,
        steps: aggregator.steps,
        validationLoss: aggregator.validationLoss,
        ...(!local && { weights: matrixRows(aggregator.weights())[0] }),
      },
    };
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
  { method, train, target, features }: AggregateOptions,
): Promise<{ stack: Matrix[]; x: Matrix; y: Float64Array }> {
  if (train === undefined || target === undefined)
    throw new Error(`method ${method} needs --train and --target`);
  if (train.length !== paths.length)
    throw new Error(`--train names ${train.length} files, expected ${paths.length}, one per model`);
  const forecasts = await readAll(train, target, features);
  sameLevels(paths[0]!, levels, train[0]!, forecasts[0]!.levels);
  const [{ x, y }] = forecasts as [FeaturedForecast];
  return { stack: forecasts.map(({ predictions }) => predictions), x, y };
}

/** Forecasts of several models for the same rows; outcomes and features stand in the first file. */
async function readAll(
  paths: readonly string[],
  target?: string,
  features?: readonly string[],
): Promise<FeaturedForecast[]> {
  const forecasts: FeaturedForecast[] = [];
  for (const [p, path] of paths.entries()) {
    const forecast = await (p === 0
      ? readForecast(path, 'never', target, features)
      : readForecast(path, 'never'));
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
