import {
  type ApplyFunction,
  diagonalFisher,
  ensemble,
  fisherMerge,
  linear,
  sweep,
  uniformSoup,
  weightGrid,
} from '@weightloom/merging';
import { accuracy, mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Merging Models with Fisher-Weighted Averaging',
  authors: 'Matena and Raffel',
  venue: 'NeurIPS 2022',
  url: 'https://arxiv.org/abs/2111.09832',
};

export const claim =
  'A base that gets two thirds of ten digits right is fine-tuned on the digits 0 to 4, and another time on 5 to 9. Averaged by the ' +
  'Fisher information of 100 examples each, with weights of the two models chosen on validation data as in the paper, they get more ' +
  'digits right than averaged plainly with weights chosen so, in the mean over the seeds; with equal weights too, but there single ' +
  'seeds lose. The better the base, the smaller the gain: with a base of 90 percent we saw none.';

const model = mlp({ sizes: [64, 64, 64, 10] });
const TASKS = [
  [0, 1, 2, 3, 4],
  [5, 6, 7, 8, 9],
];
const WEIGHTS = weightGrid(2, 20);

/** Accuracies on test data, in percent, for one seed. */
async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const apply: ApplyFunction = (params, inputs, ctx) => model.apply(params, inputs, ctx);
  const { train: pool, validation, test } = await splitDigits(key);
  const base = await train({
    model,
    data: rowsOf(pool, 0, 200),
    epochs: 20,
    key: foldIn(key, 'base'),
    signal,
    quick,
  });
  await step('base');

  const models: StateDict[] = [];
  const fishers: StateDict[] = [];
  for (const [i, classes] of TASKS.entries()) {
    const data = await ofClasses(rowsOf(pool, 200, 1100), classes);
    const own = foldIn(key, i);
    const params = await train({ model, params: base, data, epochs: 15, key: own, signal, quick });
    models.push(params);
    fishers.push(await diagonalFisher({ params, apply, inputs: rowsOf(data, 0, 100).inputs, signal }));
    await step(`model ${i + 1}`);
  }
  const merged = await fisherMerge(models, fishers);
  // The paper chooses the weights of the two models on held-out data; so does the baseline here.
  const evaluate = (params: StateDict): Promise<number> => percentRight(model, params, validation);
  const weighted = await sweep(WEIGHTS, {
    merge: (weights) => fisherMerge(models, fishers, { weights }),
    evaluate,
    signal,
  });
  const plainly = await sweep(WEIGHTS, { merge: (weights) => linear(models, { weights }), evaluate, signal });
  // #endregion main
  await step('weights');

  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);
  const result = {
    base: await right(base),
    single: await Promise.all(models.map(right)),
    uniform: await right(await uniformSoup(models)),
    fisher: await right(merged),
    plainly: await right(plainly.params),
    weighted: await right(weighted.params),
    ensemble: 100 * (await numberOf(() => accuracy(ensemble(apply, models)(test.inputs), test.targets))),
    curves: { fisher: weighted.scores, plain: plainly.scores },
  };
  dispose([pool, validation, test, base, models, fishers, merged, weighted.params, plainly.params]);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 4, repetition);
  const rows = [
    { name: 'base', of: runs.map((r) => r.base) },
    { name: 'fine-tuned on 0–4', of: runs.map((r) => r.single[0]!) },
    { name: 'fine-tuned on 5–9', of: runs.map((r) => r.single[1]!) },
    { name: 'ensemble', of: runs.map((r) => r.ensemble) },
    { name: 'plain mean', of: runs.map((r) => r.uniform) },
    { name: 'Fisher mean', of: runs.map((r) => r.fisher) },
    { name: 'plain, weights chosen', of: runs.map((r) => r.plainly) },
    { name: 'Fisher, weights chosen', of: runs.map((r) => r.weighted) },
  ];
  const curve = (of: (r: (typeof runs)[number]) => readonly number[]) => {
    const at = WEIGHTS.map((_, i) => runs.map((r) => of(r)[i]!));
    return {
      x: WEIGHTS.map(([first]) => first!),
      y: at.map(mean),
      band: { lower: at.map((v) => Math.min(...v)), upper: at.map((v) => Math.max(...v)) },
    };
  };
  return {
    charts: [
      { ...barsOf('All ten digits, test data', 'accuracy, percent', rows, [0, 100]), horizontal: true },
      {
        type: 'line',
        title: 'The weight of the model that knows 0–4',
        description: 'Accuracy on validation data between one model and the other; bands span the seeds.',
        xAxis: { label: 'weight λ of the first model' },
        yAxis: { label: 'accuracy, percent' },
        series: [
          { name: 'Fisher mean', ...curve((r) => r.curves.fisher) },
          { name: 'plain mean', ...curve((r) => r.curves.plain), dashed: true },
        ],
      },
    ],
    checks: [
      check(
        'Fisher mean − plain mean, weights chosen',
        runs.map((r) => r.weighted - r.plainly),
        { expected: { atLeast: 1 }, band: [-8, 20], unit: 'points' },
      ),
      check(
        'Fisher mean − plain mean, equal weights',
        runs.map((r) => r.fisher - r.uniform),
        { expected: { atLeast: 0 }, band: [-15, 20], unit: 'points' },
      ),
      check(
        'Fisher mean, weights chosen − better of the two models',
        runs.map((r) => r.weighted - Math.max(...r.single)),
        { expected: { atLeast: 20 }, band: [0, 70], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, rows),
  };
}
