import {
  type ApplyFunction,
  ensemble,
  greedyEnsemble,
  greedySoup,
  learnedSoup,
  uniformSoup,
} from '@weightloom/merging';
import { accuracy, type Dataset, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn, generator, mul } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { batchesOf, percentRight, pick, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title:
    'Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time',
  authors: 'Wortsman et al.',
  venue: 'ICML 2022',
  url: 'https://arxiv.org/abs/2203.05482',
};

export const claim =
  'Ten fine-tunes of one base, each with data, learning rate and length of its own: the average of their weights beats the ' +
  'mean of their accuracies by at least 3 points on test data, the learned soup beats that average, and the greedy soup is at most ' +
  '2 points below the ingredient that is best on validation data. The paper also finds the greedy soup above the best single model; ' +
  'at this scale we do not claim that. The better the base, the smaller the gain.';

const INGREDIENTS = 10;
const SHOTS = 150; // examples each model sees
const POOL = 600; // examples the fine-tunes draw theirs from

/** A multilayer perceptron on 8×8 pixels. */
const model = mlp({ sizes: [64, 64, 64, 10] });
const apply: ApplyFunction = (params, inputs) => model.apply(params, inputs);

/** The share that an ensemble gets right, in percent. */
const ensembleScore = async (models: readonly StateDict[], data: Dataset): Promise<number> =>
  100 * (await numberOf(() => accuracy(ensemble(apply, models)(data.inputs), data.targets)));

/** Accuracies on test data, in percent, for one seed. */
async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };

  // A base that has seen little.
  const base = await train({
    ...common,
    data: rowsOf(pool, 0, SHOTS),
    epochs: 15,
    key: foldIn(key, 'base'),
  });
  await step('base');

  // Fine-tunes of it, each in its own way.
  const ingredients: StateDict[] = [];
  for (let i = 0; i < INGREDIENTS; i++) {
    const own = foldIn(key, `ingredient ${i}`);
    const draw = generator(own);
    const rows = draw.permutation(POOL).slice(0, SHOTS);
    ingredients.push(
      await train({
        ...common,
        params: base,
        data: pick(
          pool,
          rows.map((row) => SHOTS + row),
        ),
        learningRate: 10 ** (-3.2 + 0.7 * draw.uniform()),
        epochs: 10 + draw.integer(16),
        key: own,
      }),
    );
    await step(`ingredient ${i + 1}`);
  }

  // The soups: each is one model, as large and as fast as any ingredient.
  const uniform = await uniformSoup(ingredients);
  const greedy = await greedySoup(ingredients, {
    evaluate: (params) => percentRight(model, params, validation),
    signal,
  });
  const learned = await learnedSoup(ingredients, {
    loss: (params, { inputs, targets }, beta) =>
      softmaxCrossEntropy(mul(model.apply(params, inputs), beta), targets),
    batches: batchesOf(validation, 30),
    by: 'tensor',
    epochs: quick ? 1 : 5,
    signal,
  });
  // What they are measured against: ensembles, which cost as many forward passes as they have members.
  const chosen = await greedyEnsemble(ingredients, {
    evaluate: (members) => ensembleScore(members, validation),
    scores: greedy.scores,
    signal,
  });
  // #endregion main
  await step('soups');

  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);
  const single: number[] = [];
  for (const params of ingredients) single.push(await right(params));
  const [first, second] = greedy.scores
    .map((_, i) => i)
    .sort((a, b) => greedy.scores[b]! - greedy.scores[a]!);
  const result = {
    single,
    base: await right(base),
    best: single[first!]!,
    second: single[second!]!,
    uniform: await right(uniform),
    greedy: await right(greedy.params),
    learned: await right(learned.params),
    ensemble: await ensembleScore(ingredients, test),
    greedyEnsemble: await ensembleScore(
      chosen.members.map((i) => ingredients[i]!),
      test,
    ),
    members: greedy.members.length,
    // How much of each ingredient is in the learned soup, in the mean over its tensors.
    shares: ingredients.map((_, i) => mean(Object.values(learned.coefficients).map((row) => row[i]!))),
  };
  dispose([pool, validation, test, base, ingredients, uniform, greedy.params, learned.params]);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, INGREDIENTS + 2, repetition);
  const models = [
    { name: 'base', of: runs.map((r) => r.base) },
    { name: 'ingredients, mean', of: runs.map((r) => mean(r.single)) },
    { name: 'second on validation', of: runs.map((r) => r.second) },
    { name: 'best on validation', of: runs.map((r) => r.best) },
    { name: 'uniform soup', of: runs.map((r) => r.uniform) },
    { name: 'greedy soup', of: runs.map((r) => r.greedy) },
    { name: 'learned soup', of: runs.map((r) => r.learned) },
    { name: 'ensemble of all', of: runs.map((r) => r.ensemble) },
    { name: 'greedy ensemble', of: runs.map((r) => r.greedyEnsemble) },
  ];
  return {
    charts: [
      { ...barsOf('Accuracy on test data', 'accuracy, percent', models, [0, 100]), horizontal: true },
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
          { name: 'greedy soup', x: runs.map((_, i) => i + 1.3), y: runs.map((r) => r.greedy) },
          { name: 'learned soup', x: runs.map((_, i) => i + 1.4), y: runs.map((r) => r.learned) },
        ],
      },
      {
        type: 'scatter',
        title: 'What the learned soup is made of',
        xAxis: { label: 'accuracy of the ingredient on test data, percent' },
        yAxis: { label: 'share, mean over tensors' },
        series: [
          {
            name: 'ingredients',
            x: runs.flatMap(({ single }) => single),
            y: runs.flatMap(({ shares }) => shares),
          },
        ],
      },
    ],
    checks: [
      check(
        'Uniform soup − mean ingredient',
        runs.map((r) => r.uniform - mean(r.single)),
        { expected: { atLeast: 3 }, band: [-2, 20], unit: 'points' },
      ),
      check(
        'Greedy soup − best on validation',
        runs.map((r) => r.greedy - r.best),
        { expected: { atLeast: -2 }, band: [-8, 15], unit: 'points' },
      ),
      check(
        'Learned soup − uniform soup',
        runs.map((r) => r.learned - r.uniform),
        { expected: { atLeast: 0 }, band: [-3, 15], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [...models, { name: 'greedy soup of', of: runs.map((r) => r.members) }]),
  };
}
