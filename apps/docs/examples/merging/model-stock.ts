import { modelStock, uniformSoup } from '@weightloom/merging';
import { mlp, type StateDict } from '@weightloom/nn';
import { cosine, norm, subtract } from '@weightloom/state-dict';
import { backendReport, dispose, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, pick, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Model Stock: All we need is just a few fine-tuned models',
  authors: 'Jang et al.',
  venue: 'ECCV 2024',
  url: 'https://arxiv.org/abs/2403.19522',
};

export const claim =
  'Fine-tunes that differ only in what a seed decides, examples and order, lie around a centre. The stock of two of them and their base lies nearer to that centre, ' +
  'measured as the mean of twelve others, than the two themselves and than their average: at most 0.95 times as far. The paper also finds ' +
  'it more accurate than averages of many; accuracies are shown as measured.';

const PAIRS = 4;
const OTHERS = 12;

const model = mlp({ sizes: [64, 64, 64, 10] });

async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 250), epochs: 30, key: foldIn(key, 'base') });
  await step('base');

  // Fine-tunes that differ in what a seed decides: which 150 of 600 digits they see, and in which order.
  const tunes: StateDict[] = [];
  const lesson = rowsOf(pool, 250, 850);
  for (let i = 0; i < OTHERS + 2 * PAIRS; i++) {
    const own = foldIn(key, `tune ${i}`);
    const data = pick(lesson, generator(own).permutation(600).slice(0, 150));
    tunes.push(await train({ ...common, params: base, data, epochs: 20, learningRate: 3e-3, key: own }));
    dispose(data);
  }
  await step('fine-tunes');
  const centre = await uniformSoup(tunes.slice(0, OTHERS));
  const pairs = Array.from({ length: PAIRS }, (_, p) => tunes.slice(OTHERS + 2 * p, OTHERS + 2 * p + 2));
  const stocks = await Promise.all(pairs.map((pair) => modelStock(base, pair)));
  const averages = await Promise.all(pairs.map((pair) => uniformSoup(pair)));
  // #endregion main

  const distances = async (list: readonly StateDict[]): Promise<number> =>
    mean(await Promise.all(list.map((params) => numberOf(() => norm(subtract(params, centre))))));
  const right = async (list: readonly StateDict[]): Promise<number> => {
    const percents: number[] = [];
    for (const params of list) percents.push(await percentRight(model, params, test));
    return mean(percents);
  };
  const change = (params: StateDict): StateDict => subtract(params, base);
  const result = {
    distance: {
      base: await distances([base]),
      tune: await distances(pairs.flat()),
      average: await distances(averages),
      stock: await distances(stocks),
    },
    accuracy: {
      base: await right([base]),
      tune: await right(pairs.flat()),
      average: await right(averages),
      stock: await right(stocks),
      centre: await right([centre]),
    },
    cosine: mean(await Promise.all(pairs.map(([a, b]) => numberOf(() => cosine(change(a!), change(b!)))))),
  };
  dispose([pool, validation, test, base, lesson, tunes, centre, stocks, averages]);
  await step('measured');
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 3, repetition);
  const names = {
    base: 'base',
    tune: 'one fine-tune',
    average: 'average of two',
    stock: 'stock of two',
  } as const;
  const keys = ['base', 'tune', 'average', 'stock'] as const;
  const accuracies = [
    ...keys.map((name) => ({ name: names[name] as string, of: runs.map((r) => r.accuracy[name]) })),
    { name: `average of ${OTHERS} others`, of: runs.map((r) => r.accuracy.centre) },
  ];
  return {
    charts: [
      barsOf(
        'Distance to the centre',
        'L2 distance of the weights',
        keys.map((name) => ({ name: names[name], of: runs.map((r) => r.distance[name]) })),
      ),
      barsOf('Accuracy on test digits', 'accuracy, percent', accuracies),
    ],
    checks: [
      check(
        'Distance of the stock ÷ of the average of two',
        runs.map((r) => r.distance.stock / r.distance.average),
        { expected: { atMost: 0.95 }, band: [0.5, 1.1] },
      ),
      check(
        'Distance of the stock ÷ of one fine-tune',
        runs.map((r) => r.distance.stock / r.distance.tune),
        { expected: { atMost: 0.75 }, band: [0.3, 1] },
      ),
      check(
        'Accuracy of the stock − of one fine-tune',
        runs.map((r) => r.accuracy.stock - r.accuracy.tune),
        { expected: { atLeast: -1 }, band: [-6, 10], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...accuracies,
      { name: 'cosine of two changes', of: runs.map((r) => r.cosine) },
    ]),
  };
}
