import { adjustContrast, rotateDigits, translateDigits } from '@weightloom/datasets';
import { sweep, taskArithmetic, tiesMerge, uniformSoup } from '@weightloom/merging';
import { type Dataset, mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { changed, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'TIES-Merging: Resolving Interference When Merging Models',
  authors: 'Yadav et al.',
  venue: 'NeurIPS 2023',
  url: 'https://arxiv.org/abs/2306.01708',
};

export const claim =
  'Five models are fine-tuned on digits that are turned, moved or faded, each in its own way. A fifth of each change is kept, signs are ' +
  'elected, and what agrees is averaged: the paper finds the result above the plain mean of the weights and, with the best strength, ' +
  'above the sum of the changes. In networks as small as these it is below both.';

const REASON =
  'Networks this small have few weights to spare: the more of each change is kept, the better (second chart), so that dropping four ' +
  'fifths costs more than the interference it avoids. With hidden layers of 256 and gentler fine-tuning the gaps shrank to 2 or 3 ' +
  'points on four seeds, but stayed.';

const model = mlp({ sizes: [64, 64, 64, 10] });
/** The tasks: digits turned one way and the other, moved right, faded, and moved down. */
const TASKS: readonly ((pictures: Float32Array) => Float32Array)[] = [
  (pictures) => rotateDigits(pictures, { degrees: 30 }),
  (pictures) => rotateDigits(pictures, { degrees: -30 }),
  (pictures) => translateDigits(pictures, { dx: 1 }),
  (pictures) => adjustContrast(pictures, { contrast: 0.3, brightness: 0.2 }),
  (pictures) => translateDigits(pictures, { dy: 1 }),
];
const LAMBDAS = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.3, 1.6, 2];
const DENSITIES = [0.05, 0.1, 0.2, 0.4, 0.7, 1];

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 200), epochs: 40, key: foldIn(key, 'base') });
  await step('base');
  const models: StateDict[] = [];
  for (const [i, change] of TASKS.entries()) {
    const data = await changed(rowsOf(pool, 200, 1100), change);
    models.push(await train({ ...common, params: base, data, epochs: 15, key: foldIn(key, i) }));
    await step(`model ${i + 1}`);
  }

  const allTasks = (data: Dataset): Promise<Dataset[]> =>
    Promise.all(TASKS.map((change) => changed(data, change)));
  const [validations, tests] = [await allTasks(validation), await allTasks(test)];
  /** Mean accuracy over the tasks. */
  const score = async (params: StateDict, tasks: readonly Dataset[]): Promise<number> =>
    mean(await Promise.all(tasks.map((data) => percentRight(model, params, data))));

  // #region main
  const evaluate = (params: StateDict): Promise<number> => score(params, validations);
  const ties = await sweep(LAMBDAS, {
    merge: (lambda) => tiesMerge(base, models, { density: 0.2, lambda, trim: 'model' }),
    evaluate,
    signal,
  });
  const arithmetic = await sweep(LAMBDAS, {
    merge: (lambda) => taskArithmetic(base, models, { lambda }),
    evaluate,
    signal,
  });
  const plain = await uniformSoup(models);
  // #endregion main

  const right = (params: StateDict): Promise<number> => score(params, tests);
  const byDensity = async (options: { trim: 'model' | 'tensor' }): Promise<number[]> => {
    const accuracies: number[] = [];
    for (const density of DENSITIES) {
      accuracies.push(
        await right(await tiesMerge(base, models, { density, lambda: ties.value, ...options })),
      );
    }
    return accuracies;
  };
  const result = {
    base: await right(base),
    plain: await right(plain),
    sum: await right(await taskArithmetic(base, models)),
    fixed: await right(await tiesMerge(base, models, { trim: 'model' })),
    ties: await right(ties.params),
    arithmetic: await right(arithmetic.params),
    lambdas: { ties: ties.value, arithmetic: arithmetic.value },
    density: { model: await byDensity({ trim: 'model' }), tensor: await byDensity({ trim: 'tensor' }) },
  };
  dispose([pool, validation, test, base, models, plain, ties.params, arithmetic.params]);
  await step('merged');
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, TASKS.length + 2, repetition);
  const rows = [
    { name: 'base', of: runs.map((r) => r.base) },
    { name: 'plain mean', of: runs.map((r) => r.plain) },
    { name: 'task arithmetic, λ = 1', of: runs.map((r) => r.sum) },
    { name: 'task arithmetic, best λ', of: runs.map((r) => r.arithmetic) },
    { name: 'TIES, λ = 1', of: runs.map((r) => r.fixed) },
    { name: 'TIES, best λ', of: runs.map((r) => r.ties) },
  ];
  return {
    charts: [
      {
        ...barsOf('Mean over the five tasks, test data', 'accuracy, percent', rows, [0, 100]),
        horizontal: true,
      },
      {
        type: 'line',
        title: 'How much of each change is kept',
        xAxis: { label: 'density', scale: 'log' },
        yAxis: { label: 'accuracy, percent' },
        series: (['model', 'tensor'] as const).map((trim) => ({
          name: trim === 'model' ? 'largest of the model (paper)' : 'largest of each tensor (mergekit)',
          x: DENSITIES,
          y: DENSITIES.map((_, i) => mean(runs.map((r) => r.density[trim][i]!))),
          dashed: trim === 'tensor',
        })),
      },
    ],
    checks: [
      check(
        'TIES with λ = 1 − plain mean',
        runs.map((r) => r.fixed - r.plain),
        { expected: { atLeast: 0 }, band: [-30, 50], unit: 'points' },
      ),
      check(
        'TIES − task arithmetic, best λ each',
        runs.map((r) => r.ties - r.arithmetic),
        { expected: { atLeast: 0 }, band: [-25, 40], unit: 'points' },
      ),
    ],
    notReproduced: {
      'TIES with λ = 1 − plain mean': REASON,
      'TIES − task arithmetic, best λ each': REASON,
    },
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...rows,
      { name: 'λ of TIES', of: runs.map((r) => r.lambdas.ties) },
      { name: 'λ of task arithmetic', of: runs.map((r) => r.lambdas.arithmetic) },
    ]),
  };
}
