import {
  type ApplyFunction,
  ensemble,
  type PopulationOptions,
  type PopulationResult,
  trainDart,
  trainPapa,
  trainWash,
} from '@weightloom/merging';
import { accuracy, type Dataset, mlp, sgd, softmaxCrossEntropy } from '@weightloom/nn';
import { add, backendReport, dispose, foldIn, mul, normal, take, type Tensor } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, rowsOfStep, splitDigits } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'WASH: Train your Ensemble with Communication-Efficient Weight Shuffling, then Average',
  authors: 'Fournier et al.',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2405.17517',
};

export const claim =
  'Three networks of different initial weights are trained side by side and averaged in the end. With a few weights changing places after ' +
  'each step (p = 0.05) the average is at most 3 points below the ensemble of the three, and at least 15 points above the average of networks ' +
  'trained by themselves; PAPA sends several times as much and ends below. DART, which averages whole models a few times, does as well here.';

const MODELS = 3;
const STEPS = 300;
const BATCH = 64;

const model = mlp({ sizes: [64, 64, 64, 10] });
const apply: ApplyFunction = (params, inputs) => model.apply(params, inputs);

interface Batch extends Dataset {
  readonly index: Tensor;
}

const methods = ['independent', 'DART', 'PAPA', 'WASH 0.01', 'WASH 0.05'] as const;
type MethodName = (typeof methods)[number];

interface Measured {
  /** Accuracy in percent: of the average of the weights, of the ensemble, and the mean of the models. */
  readonly averaged: number;
  readonly ensemble: number;
  readonly single: number;
  /** Kilobytes that the models have sent one another. */
  readonly kilobytes: number;
}

async function repetition({ key, signal, quick, step }: Repetition): Promise<Record<MethodName, Measured>> {
  // #region main
  const { train, validation, test } = await splitDigits(key);
  const count = train.inputs.shape[0]!;
  const orders = Array.from({ length: MODELS }, (_, m) =>
    rowsOfStep(foldIn(key, `order ${m}`), count, BATCH),
  );
  const steps = quick ? 3 : STEPS;
  const options: PopulationOptions<Batch> = {
    models: orders.map((_, m) => model.init(foldIn(key, `start ${m}`))),
    // Every model sees the digits in an order of its own, with noise of its own.
    batch: (m, i) => ({ ...train, index: orders[m]!(i) }),
    loss: (params, { inputs, targets, index }, { key: noise }) => {
      const pictures = take(inputs, index);
      const noisy = add(pictures, mul(normal(noise!, pictures.shape), 0.1));
      return softmaxCrossEntropy(model.apply(params, noisy), take(targets, index));
    },
    steps,
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    key: foldIn(key, 'training'),
    signal,
  };
  const epoch = quick ? 1 : Math.floor(count / BATCH);
  const train_: Record<MethodName, () => Promise<PopulationResult>> = {
    independent: () => trainWash({ ...options, probability: 0 }),
    DART: () => trainDart({ ...options, warmUp: Math.floor(steps / 2), every: 3 * epoch }),
    PAPA: () => trainPapa({ ...options, every: quick ? 1 : 10, keep: 0.99 }),
    'WASH 0.01': () => trainWash({ ...options, probability: 0.01 }),
    'WASH 0.05': () => trainWash({ ...options, probability: 0.05 }),
  };
  // #endregion main
  const results: Partial<Record<MethodName, Measured>> = {};
  for (const name of methods) {
    const { params, models, sent } = await train_[name]();
    const single: number[] = [];
    for (const one of models) single.push(await percentRight(model, one, test));
    results[name] = {
      averaged: await percentRight(model, params, test),
      ensemble: 100 * (await numberOf(() => accuracy(ensemble(apply, models)(test.inputs), test.targets))),
      single: mean(single),
      kilobytes: sent.bytes / 1000,
    };
    dispose([params, models]);
    await step(name);
  }
  dispose([train, validation, test, options.models]);
  return results as Record<MethodName, Measured>;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, methods.length, repetition);
  const of = (name: MethodName, what: keyof Measured): number[] => runs.map((r) => r[name][what]);
  const gap = (a: number[], b: number[]): number[] => a.map((value, i) => value - b[i]!);
  const sending = methods.slice(1);
  return {
    charts: [
      {
        type: 'scatter',
        title: 'Accuracy of the average against what was sent',
        xAxis: { label: 'kilobytes sent among the models', scale: 'log' },
        yAxis: { label: 'accuracy of the average, percent' },
        series: sending
          .filter((name) => of(name, 'kilobytes').every((k) => k > 0))
          .map((name) => ({ name, x: of(name, 'kilobytes'), y: of(name, 'averaged') })),
      },
      {
        type: 'bar',
        title: 'Average of the weights, ensemble, and the models alone',
        categories: [...methods],
        valueAxis: { label: 'accuracy, percent' },
        series: (
          [
            ['average of the weights', 'averaged'],
            ['ensemble', 'ensemble'],
            ['single models, mean', 'single'],
          ] as const
        ).map(([name, what]) => ({ name, values: methods.map((method) => mean(of(method, what))) })),
        horizontal: true,
      },
    ],
    checks: [
      check(
        'Average by WASH 0.05 − its ensemble',
        gap(of('WASH 0.05', 'averaged'), of('WASH 0.05', 'ensemble')),
        {
          expected: { atLeast: -3 },
          band: [-12, 5],
          unit: 'points',
        },
      ),
      check(
        'Average by WASH 0.05 − average of independent models',
        gap(of('WASH 0.05', 'averaged'), of('independent', 'averaged')),
        { expected: { atLeast: 15 }, band: [0, 80], unit: 'points' },
      ),
      check(
        'Average by WASH 0.05 − average by PAPA',
        gap(of('WASH 0.05', 'averaged'), of('PAPA', 'averaged')),
        {
          expected: { atLeast: 0 },
          band: [-8, 60],
          unit: 'points',
        },
      ),
      check(
        'Bytes of PAPA ÷ bytes of WASH 0.05',
        of('PAPA', 'kilobytes').map((k, i) => k / of('WASH 0.05', 'kilobytes')[i]!),
        { expected: { atLeast: 3 }, band: [2, 8] },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...methods.map((name) => ({ name, of: of(name, 'averaged') })),
      { name: 'ensemble of independent', of: of('independent', 'ensemble') },
    ]),
  };
}
