import { adaptModel, initEva, initLora, loraConfig } from '@weightloom/lora';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { rowsOf } from '../../src/digits.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigits } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'One Initialization to Rule them All: Fine-tuning via Explained Variance Adaptation',
  authors: 'Paischer, Hauzenberger et al.',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2410.07170',
};

export const claim =
  'A network trained on digits learns digits turned by 90° with an adapter of rank 4. When A starts at the principal components of ' +
  'the layers’ inputs, the loss after 40 steps is at least 3 % below that of a random A, at both learning rates. With ranks handed ' +
  'out by explained variance, the components explain at least as much as with equal ranks, from the same budget.';

const RATES = [1e-3, 3e-3];
const STEPS = 40;
const RANK = 4;
const STARTS = ['random A', 'EVA, equal ranks', 'EVA, ranks by variance'] as const;

async function once({ key, signal, quick, step }: Repetition) {
  const { model, ...data } = await turnedDigits([256, 256], { key, signal, quick });
  await step('base trained');
  const { base, train } = data;

  // #region main
  const config = loraConfig({ targetModules: 'all-linear', r: RANK, loraAlpha: RANK });
  const batches = [0, 100, 200, 300].map((from) => rowsOf(train, from, from + 100));
  const own = foldIn(key, 'start');
  const random = initLora(base, config, { key: own });
  const equal = initEva(model, base, config, { key: own, batches, rho: 1 });
  const byVariance = initEva(model, base, config, { key: own, batches, rho: 2 });

  const losses: number[][][] = []; // by start, rate and step
  for (const start of [random, equal, byVariance]) {
    const adapted = adaptModel(model, { default: start.config });
    const runs: number[][] = [];
    for (const learningRate of RATES) {
      const run = await fineTune({
        model: adapted,
        params: { ...base, ...start.params },
        trainable: adapted.trainable,
        data: train,
        learningRate,
        steps: STEPS,
        key: foldIn(key, 'fine'),
        signal,
        quick,
      });
      runs.push([...run.losses]);
      dispose(run.params);
      await step(`rate ${learningRate}`);
    }
    losses.push(runs);
  }
  // #endregion main

  const explained = (layers: typeof equal.layers): number =>
    layers.reduce((sum, { explainedVariance }) => sum + explainedVariance, 0);
  const result = {
    losses,
    explained: [explained(equal.layers), explained(byVariance.layers)] as const,
    ranks: byVariance.layers.map(({ rank }) => rank),
  };
  dispose(data);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + STARTS.length * RATES.length, once);
  const final = (start: number, rate: number): number[] =>
    runs.map(({ losses }) => lastLoss({ losses: losses[start]![rate]! }, 5));
  const ratio = (rate: number): number[] => final(1, rate).map((loss, i) => loss / final(0, rate)[i]!);
  return {
    charts: RATES.map((rate, r) => ({
      type: 'line' as const,
      title: `Training loss at rate ${rate}`,
      xAxis: { label: 'step' },
      yAxis: { label: 'cross-entropy', scale: 'log' as const },
      series: STARTS.map((name, s) => {
        const all = runs.map(({ losses }) => losses[s]![r]!);
        return {
          name,
          x: all[0]!.map((_, i) => i + 1),
          y: all[0]!.map((_, i) => mean(all.map((losses) => losses[i]!))),
          dashed: s === 0,
          points: false,
        };
      }),
    })),
    checks: [
      ...RATES.map((rate, r) =>
        check(`Loss of EVA ÷ loss of random A, rate ${rate}`, ratio(r), {
          expected: { atMost: 0.97 },
          band: [0.1, 1.2],
        }),
      ),
      check(
        'Explained variance, ranks by variance − equal ranks',
        runs.map(({ explained }) => explained[1] - explained[0]),
        { expected: { atLeast: 0 }, band: [-1e-6, 1] },
      ),
      check(
        'Sum of ranks − budget',
        runs.map(({ ranks }) => ranks.reduce((a, b) => a + b) - 3 * RANK),
        { expected: { atLeast: 0, atMost: 0 }, band: [-1e-9, 1e-9] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['start', ...RATES.map((rate) => `loss, rate ${rate}`)],
      rows: STARTS.map((name, s) => [name, ...RATES.map((_, r) => mean(final(s, r)))]),
    },
  };
}
