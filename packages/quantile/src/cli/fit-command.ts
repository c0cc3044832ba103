import { key } from '@weightloom/tensor-gpu';
import { cliAction, type CliContext, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ErrorMethod } from '../linear/infer-quantile-regression.js';
import { summarizeQuantileRegression } from '../linear/summarize-quantile-regression.js';
import { conditionalGaussianNetwork } from '../models/conditional-gaussian-network.js';
import { gradientBoosting } from '../models/gradient-boosting.js';
import { kernelQuantiles } from '../models/kernel-quantiles.js';
import type { LinearQuantileModel } from '../models/linear-quantiles.js';
import { linearQuantiles } from '../models/linear-quantiles.js';
import { multiQuantileNetwork } from '../models/multi-quantile-network.js';
import { nearestNeighbours } from '../models/nearest-neighbours.js';
import { quantileForest } from '../models/quantile-forest.js';
import type { QuantileModel } from '../models/quantile-model.js';
import { simultaneousQuantileNetwork } from '../models/simultaneous-quantile-network.js';
import { pinballLoss } from '../scores/pinball.js';
import type { MissingPolicy } from './cells.js';
import { nameList, numberList, oneNumber, refuseStray, wholeNumber, withMissing } from './options.js';
import type { TrainingTable } from './read-training-table.js';
import { readTrainingTable } from './read-training-table.js';
import { requireFolder } from './require-folder.js';
import { saveModel } from './saved-model.js';

interface FitOptions {
  target: string;
  features?: string[];
  categorical?: string[];
  weights?: string;
  missing: MissingPolicy;
  levels: number[];
  method: keyof typeof methods;
  penalty?: number;
  intercept: boolean;
  errors?: ErrorMethod;
  confidence: number;
  seed: number;
  trees?: number;
  minLeaf?: number;
  maxLeaves?: number;
  learningRate?: number;
  neighbours?: number;
  cost?: number;
  gamma?: number;
  steps?: number;
  save?: string;
}

/** Options of one method each; giving one to another method is refused. */
const own: Readonly<Record<string, readonly (keyof FitOptions)[]>> = {
  linear: ['penalty', 'errors'],
  forest: ['trees', 'minLeaf'],
  'extra-trees': ['trees', 'minLeaf'],
  boosting: ['trees', 'minLeaf', 'maxLeaves', 'learningRate'],
  neighbours: ['neighbours'],
  kernel: ['cost', 'gamma'],
  'multi-quantile-network': ['learningRate', 'steps'],
  'simultaneous-quantile-network': ['learningRate', 'steps'],
  'gaussian-network': ['learningRate', 'steps'],
};

const methods = {
  linear: ({ penalty, intercept }: FitOptions, names: readonly string[]) =>
    linearQuantiles({ penalty, intercept, names }),
  forest: ({ trees, minLeaf }: FitOptions) => quantileForest({ trees, minLeaf }),
  'extra-trees': ({ trees, minLeaf }: FitOptions) => quantileForest({ trees, minLeaf, cuts: 'random' }),
  boosting: ({ trees, minLeaf, maxLeaves, learningRate }: FitOptions) =>
    gradientBoosting({ trees, minLeaf, maxLeaves, learningRate }),
  neighbours: ({ neighbours }: FitOptions) => nearestNeighbours({ neighbours }),
  kernel: ({ cost, gamma }: FitOptions) => kernelQuantiles({ cost, kernel: { type: 'gaussian', gamma } }),
  'multi-quantile-network': ({ learningRate, steps }: FitOptions) =>
    multiQuantileNetwork({ learningRate, maxSteps: steps }),
  'simultaneous-quantile-network': ({ learningRate, steps }: FitOptions) =>
    simultaneousQuantileNetwork({ learningRate, maxSteps: steps }),
  'gaussian-network': ({ learningRate, steps }: FitOptions) =>
    conditionalGaussianNetwork({ learningRate, maxSteps: steps }),
} as const;

/** Adds `fit`. */
export function addFitCommand(program: Command): void {
  const command = program
    .command('fit <data>')
    .description('fit conditional quantiles of a column of a CSV file (- reads the standard input)')
    .requiredOption('--target <column>', 'what to predict')
    .option('--features <columns>', 'what to predict it from; default every other column', nameList)
    .option(
      '--categorical <columns>',
      'features that hold labels: an indicator per label but the first',
      nameList,
    )
    .option('--weights <column>', 'row weights')
    .option('--levels <numbers>', 'quantile levels, rising', numberList, [0.1, 0.5, 0.9])
    .addOption(new Option('--method <name>', 'which model').choices(Object.keys(methods)).default('linear'))
    .option('--penalty <number>', 'linear: L1 penalty', oneNumber)
    .option('--no-intercept', 'linear: no constant')
    .addOption(
      new Option('--errors <kind>', 'linear: standard errors').choices([
        'iid',
        'nid',
        'kernel',
        'robust',
        'bootstrap',
      ]),
    )
    .option('--confidence <number>', 'linear: coverage of the intervals', oneNumber, 0.95)
    .option('--trees <count>', 'forest, extra-trees, boosting: number of trees', wholeNumber)
    .option('--min-leaf <rows>', 'forest, extra-trees, boosting: least rows in a leaf', wholeNumber)
    .option('--max-leaves <count>', 'boosting: most leaves of a tree', wholeNumber)
    .option(
      '--learning-rate <number>',
      'boosting: share of each tree that is added; networks: of Adam',
      oneNumber,
    )
    .option('--steps <count>', 'networks: most training steps', wholeNumber)
    .option('--neighbours <count>', 'neighbours: how many', wholeNumber)
    .option('--cost <number>', 'kernel: weight of the loss against smoothness', oneNumber)
    .option('--gamma <number>', 'kernel: inverse squared width', oneNumber)
    .option('--seed <number>', 'seed of whatever is drawn at random', wholeNumber, 0)
    .option('--save <file>', 'save the model as JSON, for predict');
  withMissing(command).action(cliAction<[string], FitOptions>((context, data) => fit(data, context)));
}

async function fit(
  path: string,
  { options, onProgress, signal }: CliContext<FitOptions>,
): Promise<CliResult> {
  refuseStray(options, own);
  if (options.save !== undefined) await requireFolder(options.save);
  const table = await readTrainingTable(path, options);
  const { x, y, weights, names, schema } = table;
  const { levels } = options;
  const model: QuantileModel = await methods[options.method](options, names).fit(x, y, {
    levels,
    weights,
    key: key(options.seed),
    onProgress,
    signal,
  });
  if (options.save !== undefined) await saveModel(options.save, { target: options.target, schema, model });
  return options.method === 'linear'
    ? linearResult(model as LinearQuantileModel, table, options)
    : otherResult(model, table, options);
}

/** Notes both kinds of result carry only where there is something to say. */
const extras = ({ dropped }: TrainingTable, { save }: FitOptions) => ({
  ...(dropped > 0 && { dropped }),
  ...(save !== undefined && { saved: save }),
});

function remarks({ dropped, y }: TrainingTable, { save, missing }: FitOptions): string[] {
  return [
    ...(missing === 'drop' ? [`${y.length} rows used, ${dropped} left out for missing cells.`] : []),
    ...(save !== undefined ? [`Saved to ${save}.`] : []),
  ];
}

function linearResult(model: LinearQuantileModel, table: TrainingTable, options: FitOptions): CliResult {
  const { fit: linear } = model;
  const { x, y, weights } = table;
  const d = linear.names.length;
  const perLevel = <Value>(read: (k: number) => Record<string, Value>) =>
    Array.from(linear.levels, (level, k) => ({ level, ...read(k) }));
  const named = (data: Float64Array, k: number) =>
    Object.fromEntries(linear.names.map((name, j) => [name, data[k * d + j]!]));
  const wantsErrors = linear.penalty === 0 && linear.rows > d;
  if (options.errors !== undefined && !wantsErrors)
    throw new Error(
      `there are no standard errors for ${linear.penalty > 0 ? 'a penalised fit' : 'as few rows as coefficients'}`,
    );
  const inferenceOptions = {
    method: options.errors ?? 'robust',
    confidence: options.confidence,
    weights,
    key: key(options.seed),
    target: options.target,
  } as const;
  const summary = wantsErrors ? summarizeQuantileRegression(linear, x, y, inferenceOptions) : undefined;
  const json = {
    levels: [...linear.levels],
    coefficients: perLevel((k) => named(linear.coefficients.data, k)),
    pinball: [...linear.pinball],
    ...(options.errors !== undefined && {
      errors: options.errors,
      standardErrors: perLevel((k) => named(summary!.inference.standardErrors.data, k)),
      pValues: perLevel((k) => named(summary!.inference.pValues.data, k)),
      lower: perLevel((k) => named(summary!.inference.lower.data, k)),
      upper: perLevel((k) => named(summary!.inference.upper.data, k)),
      pseudoR1: [...summary!.pseudoR1],
    }),
    ...extras(table, options),
  };
  const plain = {
    columns: ['level', ...linear.names, 'pinball'],
    rows: Array.from(linear.levels, (level, k) => [
      level,
      ...linear.coefficients.data.slice(k * d, (k + 1) * d),
      linear.pinball[k]!,
    ]),
  };
  return { json, text: [...(summary?.tables ?? [plain]), ...remarks(table, options)] };
}

function otherResult(model: QuantileModel, table: TrainingTable, options: FitOptions): CliResult {
  const { x, y, weights } = table;
  const pinball = pinballLoss(y, model.predict(x), model.levels, weights);
  const levels = [...model.levels];
  return {
    json: { levels, method: options.method, pinball: [...pinball], ...extras(table, options) },
    text: [
      {
        columns: ['level', 'pinball on the training rows'],
        rows: levels.map((level, k) => [level, pinball[k]!]),
      },
      ...remarks(table, options),
    ],
  };
}
