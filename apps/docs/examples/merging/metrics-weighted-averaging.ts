import { metricsWeightedAveraging, metricWeights, uniformSoup } from '@weightloom/merging';
import { evaluate, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Parameter-Efficient Checkpoint Merging via Metrics-Weighted Averaging',
  authors: 'Yu and Choi',
  venue: '2025',
  url: 'https://arxiv.org/abs/2504.18580',
};

export const claim =
  'Eight checkpoints from the beginning of one training run: weighted by one over their validation loss they get at least 1 point more ' +
  'right than averaged plainly, and a sharper penalty gets at least as near to the last checkpoint as 2 points. Where all checkpoints ' +
  'are equally good we saw no gain, and claim none.';

const model = mlp({ sizes: [64, 64, 64, 10] });
const CHECKPOINTS = 8;
const PENALTIES = [0, 0.5, 1, 2, 4, 8, 16];

async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const { train: pool, validation, test } = await splitDigits(key);
  const checkpoints: StateDict[] = [];
  const losses: number[] = [];
  const metrics = { loss: softmaxCrossEntropy };
  for (let i = 0; i < CHECKPOINTS; i++) {
    const params = await train({
      model,
      params: checkpoints.at(-1) ?? model.init(foldIn(key, 'init')),
      data: rowsOf(pool, 0, 400),
      epochs: 2,
      learningRate: 2e-3,
      key: foldIn(key, i),
      signal,
      quick,
    });
    checkpoints.push(params);
    losses.push((await evaluate({ model, params, data: validation, metrics })).loss);
    await step(`checkpoint ${i + 1}`);
  }
  const plain = await uniformSoup(checkpoints);
  const byLoss = await metricsWeightedAveraging(checkpoints, { losses });
  const byStep = await metricsWeightedAveraging(checkpoints, { steps: checkpoints.map((_, i) => i + 1) });
  // #endregion main

  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);
  const sharper: number[] = [];
  for (const penalty of PENALTIES) {
    sharper.push(await right(await metricsWeightedAveraging(checkpoints, { losses, penalty })));
  }
  const result = {
    losses,
    weights: metricWeights({ losses }),
    singles: await Promise.all(checkpoints.map(right)),
    plain: await right(plain),
    byLoss: await right(byLoss),
    byStep: await right(byStep),
    sharper,
  };
  dispose([pool, validation, test, checkpoints, plain, byLoss, byStep]);
  await step('merged');
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, CHECKPOINTS + 1, repetition);
  const sharp = (penalty: number): number[] => runs.map((r) => r.sharper[PENALTIES.indexOf(penalty)]!);
  const rows = [
    { name: 'checkpoints, mean', of: runs.map((r) => mean(r.singles)) },
    { name: 'plain mean', of: runs.map((r) => r.plain) },
    { name: 'by step', of: runs.map((r) => r.byStep) },
    { name: 'by loss', of: runs.map((r) => r.byLoss) },
    { name: 'by loss, penalty 4', of: sharp(4) },
    { name: 'last checkpoint', of: runs.map((r) => r.singles.at(-1)!) },
  ];
  const numbers = Array.from({ length: CHECKPOINTS }, (_, i) => i + 1);
  return {
    charts: [
      { ...barsOf('Accuracy on test data', 'accuracy, percent', rows, [0, 100]), horizontal: true },
      {
        type: 'line',
        title: 'How sharply the loss counts',
        xAxis: { label: 'penalty p; 0 is the plain mean' },
        yAxis: { label: 'accuracy, percent' },
        series: [
          { name: 'weighted by loss', x: PENALTIES, y: PENALTIES.map((p) => mean(sharp(p))) },
          {
            name: 'last checkpoint',
            x: PENALTIES,
            y: PENALTIES.map(() => mean(runs.map((r) => r.singles.at(-1)!))),
            dashed: true,
          },
        ],
      },
      {
        type: 'line',
        title: 'The checkpoints',
        xAxis: { label: 'checkpoint' },
        yAxis: { label: 'loss, and weight ×10' },
        series: [
          {
            name: 'validation loss',
            x: numbers,
            y: numbers.map((_, i) => mean(runs.map((r) => r.losses[i]!))),
          },
          {
            name: 'weight × 10',
            x: numbers,
            y: numbers.map((_, i) => 10 * mean(runs.map((r) => r.weights[i]!))),
          },
        ],
      },
    ],
    checks: [
      check(
        'Weighted by loss − plain mean',
        runs.map((r) => r.byLoss - r.plain),
        { expected: { atLeast: 1 }, band: [-1, 30], unit: 'points' },
      ),
      check(
        'Weighted by loss, penalty 4 − last checkpoint',
        runs.map((r, i) => sharp(4)[i]! - r.singles.at(-1)!),
        { expected: { atLeast: -2 }, band: [-12, 10], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, rows),
  };
}
