import { sce, sweep, taskArithmetic, tiesMerge, uniformSoup } from '@weightloom/merging';
import { type Dataset, mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, deviation, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'FuseChat: Knowledge Fusion of Chat Models',
  authors: 'Wan et al.',
  venue: '2024',
  url: 'https://arxiv.org/abs/2408.07990',
};

export const claim =
  'Three fine-tunes of one base have seen 50, 150 and 600 digits. SCE keeps the weights in which they vary most, weighs models by the size ' +
  'of their changes there and drops minority signs; how many weights it keeps is chosen on validation digits. It gets at least 2 points ' +
  'more right than the plain average, in the mean over the seeds, as much as the fine-tune that has seen most. For fine-tunes that ' +
  'have each seen some of the ten classes the same is shown as measured.';

const model = mlp({ sizes: [64, 64, 64, 10] });
/** How many digits each fine-tune has seen, in the first setting. */
const SEEN = [50, 150, 600];
/** Which classes, in the second. */
const CLASSES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
];
const KEPT = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1];
const LAMBDAS = [0.2, 0.4, 0.6, 0.8, 1, 1.5, 2];

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 200), epochs: 20, key: foldIn(key, 'base') });
  await step('base');
  const fineTune = async (data: Dataset, name: string): Promise<StateDict> => {
    const params = await train({ ...common, params: base, data, epochs: 15, key: foldIn(key, name) });
    await step(name);
    return params;
  };
  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);

  const measure = async (models: readonly StateDict[]) => {
    // #region main
    const chosen = (values: readonly number[], merge: (value: number) => Promise<StateDict>) =>
      sweep(values, { merge, evaluate: (params) => percentRight(model, params, validation), signal });
    const average = await uniformSoup(models);
    const arithmetic = await chosen(LAMBDAS, (lambda) => taskArithmetic(base, models, { lambda }));
    const ties = await chosen(LAMBDAS, (lambda) => tiesMerge(base, models, { density: 0.2, lambda }));
    const selected = await chosen(KEPT, (selectTopK) => sce(base, models, { selectTopK }));
    // #endregion main
    const [single, kept]: [number[], number[]] = [[], []];
    for (const params of models) single.push(await right(params));
    for (const selectTopK of KEPT) kept.push(await right(await sce(base, models, { selectTopK })));
    const result = {
      single,
      average: await right(average),
      arithmetic: await right(arithmetic.params),
      ties: await right(ties.params),
      sce: await right(selected.params),
      kept,
      chosen: { sce: selected.value, arithmetic: arithmetic.value, ties: ties.value },
    };
    dispose([models, average, arithmetic.params, ties.params, selected.params]);
    return result;
  };

  const unequal: StateDict[] = [];
  let from = 200;
  for (const count of SEEN) unequal.push(await fineTune(rowsOf(pool, from, (from += count)), `on ${count}`));
  const apart: StateDict[] = [];
  for (const classes of CLASSES) {
    apart.push(await fineTune(await ofClasses(rowsOf(pool, 200, 1100), classes), `on ${classes.join()}`));
  }
  const result = { base: await right(base), unequal: await measure(unequal), apart: await measure(apart) };
  dispose([pool, validation, test, base]);
  await step('merged');
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, SEEN.length + CLASSES.length + 2, repetition);
  type Setting = 'unequal' | 'apart';
  const merges = (setting: Setting) => [
    { name: 'plain average', of: runs.map((r) => r[setting].average) },
    { name: 'task arithmetic', of: runs.map((r) => r[setting].arithmetic) },
    { name: 'TIES', of: runs.map((r) => r[setting].ties) },
    { name: 'SCE', of: runs.map((r) => r[setting].sce) },
  ];
  const base = { name: 'base', of: runs.map((r) => r.base) };
  const rows = [
    base,
    ...SEEN.map((count, i) => ({
      name: `fine-tune on ${count}`,
      of: runs.map((r) => r.unequal.single[i]!),
    })),
    ...merges('unequal'),
  ];
  const atKept = (i: number): number[] => runs.map((r) => r.unequal.kept[i]!);
  const means = KEPT.map((_, i) => mean(atKept(i)));
  const average = mean(runs.map((r) => r.unequal.average));
  return {
    charts: [
      {
        ...barsOf('Fine-tunes on 50, 150 and 600 digits', 'accuracy on test digits, percent', rows, [0, 100]),
        horizontal: true,
      },
      {
        type: 'line',
        title: 'How many weights SCE keeps',
        description:
          'Mean over the seeds and its standard deviation, for fine-tunes on 50, 150 and 600 digits.',
        xAxis: { label: 'part of the weights that is kept' },
        yAxis: { label: 'accuracy, percent' },
        series: [
          {
            name: 'SCE',
            x: KEPT,
            y: means,
            band: {
              lower: means.map((value, i) => value - deviation(atKept(i))),
              upper: means.map((value, i) => value + deviation(atKept(i))),
            },
          },
          { name: 'plain average', x: [KEPT[0]!, 1], y: [average, average], dashed: true },
        ],
      },
      {
        ...barsOf(
          'Fine-tunes on some of the classes each',
          'accuracy on test digits, percent',
          [base, ...merges('apart')],
          [0, 100],
        ),
        horizontal: true,
      },
    ],
    checks: [
      check(
        'Unequal fine-tunes: SCE − plain average',
        runs.map((r) => r.unequal.sce - r.unequal.average),
        { expected: { atLeast: 2 }, band: [-4, 20], unit: 'points' },
      ),
      check(
        'Classes apart: SCE − plain average',
        runs.map((r) => r.apart.sce - r.apart.average),
        { expected: { atLeast: 0 }, band: [-30, 30], unit: 'points' },
      ),
    ],
    notReproduced: {
      'Classes apart: SCE − plain average':
        'Over eight seeds −3.9 points in the mean, from −16 to 7: the fine-tune with the largest changes counts most, and it knows a few classes only.',
    },
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...rows,
      { name: 'kept by SCE', of: runs.map((r) => r.unequal.chosen.sce) },
      { name: 'λ of task arithmetic', of: runs.map((r) => r.unequal.chosen.arithmetic) },
      { name: 'λ of TIES', of: runs.map((r) => r.unequal.chosen.ties) },
      ...merges('apart').map(({ name, of }) => ({ name: `classes apart: ${name}`, of })),
    ]),
  };
}
