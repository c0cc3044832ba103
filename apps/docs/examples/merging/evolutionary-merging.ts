import { evolveRecipe, type EvolveRecipeOptions } from '@weightloom/merging';
import { mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Evolutionary Optimization of Model Merging Recipes',
  authors: 'Akiba et al.',
  venue: 'Nature Machine Intelligence 2025',
  url: 'https://arxiv.org/abs/2403.13187',
};

export const claim =
  'Three fine-tunes of one base, each on its own digits and of another length, are merged by task arithmetic with a weight for each model ' +
  'in each layer. CMA-ES finds weights whose loss on 300 validation digits is at most 0.92 times that of uniform weights, and at most 0.99 ' +
  'times that of the best of as many random ones; on test digits the evolved model is right at least 2 points more often than with uniform ' +
  'weights.';

const GROUPS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
];
const EPOCHS = [3, 6, 12]; // so that the changes are of unequal size
const GENERATIONS = 20;

const model = mlp({ sizes: [64, 64, 64, 10] });

const recipe = `
merge_method: task_arithmetic
base_model: base
models:
  - { model: a, parameters: { weight: $a } }
  - { model: b, parameters: { weight: $b } }
  - { model: c, parameters: { weight: $c } }
`;

async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 150), epochs: 30, key: foldIn(key, 'base') });
  const models: Record<string, StateDict> = { base };
  for (const [i, classes] of GROUPS.entries()) {
    const data = await ofClasses(rowsOf(pool, 150, 900), classes);
    const own = foldIn(key, `group ${i}`);
    models['abc'[i]!] = await train({ ...common, params: base, data, epochs: EPOCHS[i]!, key: own });
  }

  // A weight for each model in each of three layers: nine numbers.
  const weights = { low: 0, high: 1, start: 1 / 3, count: 3 };
  const options: EvolveRecipeOptions = {
    recipe,
    models,
    parameters: { a: weights, b: weights, c: weights },
    evaluate: async (params) =>
      -(await numberOf(() =>
        softmaxCrossEntropy(model.apply(params, validation.inputs), validation.targets),
      )),
    generations: quick ? 1 : GENERATIONS,
    sigma: 0.12,
    key: foldIn(key, 'search'),
    signal,
  };
  // The search starts from uniform weights, which are the first baseline; as many random candidates are the other.
  const evolved = await evolveRecipe(options);
  const random = await evolveRecipe({ ...options, method: 'random' });
  // #endregion main
  await step('searched');

  const uniform = await evolveRecipe({
    ...options,
    evaluate: (_, { generation }) => -generation, // keeps the start
    generations: 1,
    population: 2,
  });
  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);
  const curve = (scores: readonly { generation: number; score: number }[]): number[] => {
    const best: number[] = [];
    for (const { generation, score } of scores) {
      best[generation] = Math.min(best[generation] ?? best[generation - 1] ?? Infinity, -score);
    }
    return best;
  };
  const result = {
    losses: {
      uniform: -evolved.start.score,
      random: -random.best.score,
      evolved: -evolved.best.score,
    },
    accuracy: {
      base: await right(base),
      uniform: await right(uniform.params),
      random: await right(random.params),
      evolved: await right(evolved.params),
    },
    curves: { random: curve(random.state.evaluated), evolved: curve(evolved.state.evaluated) },
    values: evolved.best.values,
  };
  dispose([pool, validation, test, models, evolved.params, random.params, uniform.params]);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1, repetition);
  const accuracy = (name: 'base' | 'uniform' | 'random' | 'evolved'): number[] =>
    runs.map((r) => r.accuracy[name]);
  const models = [
    { name: 'base', of: accuracy('base') },
    { name: 'uniform weights', of: accuracy('uniform') },
    { name: 'random search', of: accuracy('random') },
    { name: 'CMA-ES', of: accuracy('evolved') },
  ];
  const generations = runs[0]!.curves.evolved.map((_, i) => i);
  const layers = (name: 'a' | 'b' | 'c'): number[] =>
    [0, 1, 2].map((layer) => mean(runs.map((r) => (r.values[name] as number[])[layer]!)));
  return {
    charts: [
      {
        type: 'line',
        title: 'Loss of the best merge so far',
        xAxis: { label: 'generation' },
        yAxis: { label: 'loss on validation digits' },
        series: (['evolved', 'random'] as const).map((name) => ({
          name: name === 'evolved' ? 'CMA-ES' : 'random search',
          x: generations,
          y: generations.map((g) => mean(runs.map((r) => r.curves[name][g]!))),
          dashed: name === 'random',
        })),
      },
      barsOf('Accuracy on test digits', 'accuracy, percent', models),
      {
        type: 'heatmap',
        title: 'Evolved weights, mean over the seeds',
        rows: GROUPS.map((classes) => `fine-tuned on ${classes.join(', ')}`),
        columns: ['first', 'middle', 'last'],
        columnLabel: 'layer',
        values: (['a', 'b', 'c'] as const).map(layers),
      },
    ],
    checks: [
      check(
        'Validation loss of CMA-ES ÷ uniform weights',
        runs.map((r) => r.losses.evolved / r.losses.uniform),
        { expected: { atMost: 0.92 }, band: [0.3, 1] },
      ),
      check(
        'Validation loss of CMA-ES ÷ random search',
        runs.map((r) => r.losses.evolved / r.losses.random),
        { expected: { atMost: 0.99 }, band: [0.6, 1.2] },
      ),
      check(
        'Accuracy of CMA-ES − uniform weights',
        runs.map((r) => r.accuracy.evolved - r.accuracy.uniform),
        { expected: { atLeast: 2 }, band: [-12, 30], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, models),
  };
}
