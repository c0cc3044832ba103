import { greedySoup, uniformSoup } from '@weightloom/merging';
import {
  adam,
  accuracy,
  type Dataset,
  evaluate,
  fit,
  loadDigits,
  mlp,
  predict,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import {
  add,
  backendReport,
  dispose,
  foldIn,
  generator,
  type Key,
  take,
  tensor,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title:
    'Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time',
  authors: 'Wortsman et al.',
  venue: 'ICML 2022',
  url: 'https://arxiv.org/abs/2203.05482',
};

export const claim =
  'Ten fine-tunes of one base, each with data, learning rate and length of its own: the average of their weights beats the ' +
  'mean of their accuracies by at least 3 points on test data, and the greedy soup is at most 2 points below the ingredient ' +
  'that is best on validation data. The paper also finds the greedy soup above the best single model; at this scale we do ' +
  'not claim that. The better the base, the smaller the gain.';

const INGREDIENTS = 10;
const SHOTS = 150; // examples each model sees
const POOL = 600; // examples the fine-tunes draw theirs from

/** A multilayer perceptron on 8×8 pixels. */
const model = mlp({ sizes: [64, 64, 64, 10] });

/** The examples of `data` in `rows`. */
function pick(data: Dataset, rows: Int32Array<ArrayBuffer>): Dataset {
  const index = tensor(rows);
  return { inputs: take(data.inputs, index), targets: take(data.targets, index) };
}

/** Share of `data` a model gets right, in percent. */
const score = async (params: StateDict, data: Dataset): Promise<number> =>
  100 * (await evaluate({ model, params, data })).accuracy;

/** The same for the mean of all models' outputs: the ensemble, which costs as many forward passes as it has models. */
async function ensembleScore(models: readonly StateDict[], data: Dataset): Promise<number> {
  let total = await predict({ model, params: models[0]!, inputs: data.inputs });
  for (const params of models.slice(1))
    total = add(total, await predict({ model, params, inputs: data.inputs }));
  return 100 * (await accuracy(total, data.targets).data())[0]!;
}

/** Accuracies on test data, in percent, for one seed. */
async function repetition(key: Key, trained: () => void, signal: AbortSignal | undefined) {
  // #region main
  const { train, validation, test } = await loadDigits({
    key: foldIn(key, 'data'),
    validation: 300 / 1797,
    test: 397 / 1797,
  });
  const common = { model, loss: softmaxCrossEntropy, batchSize: 64, signal };

  // A base that has seen little.
  const { params: base } = await fit({
    ...common,
    data: pick(
      train,
      Int32Array.from({ length: SHOTS }, (_, row) => row),
    ),
    optimizer: adam({ learningRate: 1e-3 }),
    epochs: 15,
    key: foldIn(key, 'base'),
  });
  trained();

  // Fine-tunes of it, each in its own way.
  const ingredients: StateDict[] = [];
  for (let i = 0; i < INGREDIENTS; i++) {
    const own = foldIn(key, `ingredient ${i}`);
    const draw = generator(own);
    const rows = draw.permutation(POOL).slice(0, SHOTS);
    const { params } = await fit({
      ...common,
      params: base,
      data: pick(
        train,
        rows.map((row) => SHOTS + row),
      ),
      optimizer: adam({ learningRate: 10 ** (-3.2 + 0.7 * draw.uniform()) }),
      epochs: 10 + draw.integer(16),
      key: own,
    });
    ingredients.push(params);
    trained();
  }

  // The soups: both are one model, as large and as fast as any ingredient.
  const uniform = await uniformSoup(ingredients);
  const greedy = await greedySoup(ingredients, { evaluate: (params) => score(params, validation), signal });
  // #endregion main

  const single: number[] = [];
  for (const params of ingredients) single.push(await score(params, test));
  const chosen = greedy.members[0]!; // the first member is the best on validation data
  const result = {
    base: await score(base, test),
    single,
    mean: average(single),
    best: single[chosen]!,
    uniform: await score(uniform, test),
    greedy: await score(greedy.params, test),
    ensemble: await ensembleScore(ingredients, test),
    members: greedy.members.length,
  };
  dispose([train, validation, test, base, ingredients, uniform, greedy.params]);
  return result;
}

const average = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;

const deviation = (x: readonly number[]): number =>
  x.length < 2 ? 0 : Math.sqrt(x.reduce((sum, value) => sum + (value - average(x)) ** 2, 0) / (x.length - 1));

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const total = seeds.length * (INGREDIENTS + 1);
  const runs: Awaited<ReturnType<typeof repetition>>[] = [];
  let done = 0;
  for (const seed of seeds) {
    const trained = (): void =>
      onProgress?.({ done: ++done, total, label: `Seed ${seed}: model ${done % (INGREDIENTS + 1)} trained` });
    runs.push(await repetition(foldIn(key, seed), trained, signal));
  }

  const models = [
    { name: 'base', of: runs.map((r) => r.base) },
    { name: 'ingredients, mean', of: runs.map((r) => r.mean) },
    { name: 'best on validation', of: runs.map((r) => r.best) },
    { name: 'ensemble of all', of: runs.map((r) => r.ensemble) },
    { name: 'uniform soup', of: runs.map((r) => r.uniform) },
    { name: 'greedy soup', of: runs.map((r) => r.greedy) },
  ];
  return {
    charts: [
      {
        type: 'bar',
        title: 'Accuracy on test data',
        categories: models.map(({ name }) => name),
        valueAxis: { label: 'accuracy, percent', range: [0, 100] },
        series: [
          {
            name: 'mean over the seeds',
            values: models.map(({ of }) => average(of)),
            errors: models.map(({ of }) => deviation(of)),
          },
        ],
      },
      {
        type: 'scatter',
        title: 'Every model',
        xAxis: { label: 'repetition, one for each seed', range: [0, runs.length + 1] },
        yAxis: { label: 'accuracy, percent' },
        series: [
          {
            name: 'ingredients',
            x: runs.flatMap(({ single }, i) => single.map(() => i + 1)),
            y: runs.flatMap(({ single }) => single),
          },
          { name: 'uniform soup', x: runs.map((_, i) => i + 1.2), y: runs.map((r) => r.uniform) },
          { name: 'greedy soup', x: runs.map((_, i) => i + 1.35), y: runs.map((r) => r.greedy) },
        ],
      },
    ],
    checks: [
      check(
        'Uniform soup − mean ingredient',
        runs.map((r) => r.uniform - r.mean),
        { expected: { atLeast: 3 }, band: [-2, 20], unit: 'points' },
      ),
      check(
        'Greedy soup − best on validation',
        runs.map((r) => r.greedy - r.best),
        { expected: { atLeast: -2 }, band: [-8, 15], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Seed', ...models.map(({ name }) => name), 'greedy soup of'],
      rows: runs.map((r, i) => [seeds[i]!, ...models.map(({ of }) => of[i]!), r.members]),
    },
  };
}
