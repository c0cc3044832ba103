import {
  adaptFloraTucker,
  adaptModel,
  fitTucker,
  initFloraTucker,
  initLora,
  loraConfig,
  tuckerProduct,
} from '@weightloom/lora';
import { type ApplyContext, conv, linear, type Model, type StateDict } from '@weightloom/nn';
import {
  backendReport,
  dispose,
  foldIn,
  type Key,
  maxPool2d,
  normal,
  relu,
  reshape,
  svd,
  type Tensor,
  tidy,
  zeros,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigitsFor } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'FLoRA: Low-Rank Core Space for N-dimension',
  authors: 'Si et al.',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2405.14739',
};

export const claim =
  'A change of a 32 × 16 × 3 × 3 kernel with a core of 4 × 4 × 2 × 2 is held exactly by a Tucker adapter of those ranks, 268 numbers; ' +
  'of LoRA matrices the best of rank 1 (176 numbers) miss more than 60 % of it, the best of rank 2 (352) more than 40 %. When a ' +
  'convolutional network learns turned digits with as many trained numbers, FLoRA’s loss is at most 10 % above LoRA’s.';

const SHAPE = [32, 16, 3, 3];
const CORE = [4, 4, 2, 2];
const STEPS = 80;
const METHODS = ['LoRA on kernels', 'FLoRA'] as const;
const RATES = [1e-2, 3e-2];

/** Two convolutions of 16 and 32 channels on 8 × 8 pixels, and a linear layer. */
const model: Model = {
  config: { type: 'small-cnn' },
  init(key: Key): StateDict {
    const layer = (path: string, shape: number[]): [string, Tensor][] => {
      const fanIn = shape.slice(1).reduce((a, b) => a * b);
      return [
        [`${path}.weight`, normal(foldIn(key, path), shape, 0, Math.sqrt(2 / fanIn))],
        [`${path}.bias`, zeros([shape[0]!])],
      ];
    };
    return Object.fromEntries([
      ...layer('conv1', [16, 1, 3, 3]),
      ...layer('conv2', SHAPE),
      ...layer('head', [10, 32 * 2 * 2]),
    ]);
  },
  apply(params: StateDict, x: Tensor, ctx?: ApplyContext): Tensor {
    const images = reshape(x, [-1, 1, 8, 8]);
    const first = maxPool2d(relu(conv(params, 'conv1', images, { padding: 1 }, ctx)), 2);
    const second = maxPool2d(relu(conv(params, 'conv2', first, { padding: 1 }, ctx)), 2);
    return linear(params, 'head', reshape(second, [-1, 32 * 2 * 2]), ctx);
  },
};

/** What is missed of a change with Tucker structure, `‖ΔW − fit‖ / ‖ΔW‖`. */
function fitted(key: Key): { flora: number; lora: number[] } {
  const draw = (name: string | number, shape: number[]): Tensor => normal(foldIn(key, name), shape);
  const delta = tidy(() =>
    tuckerProduct(
      draw('core', CORE),
      SHAPE.map((size, mode) => draw(mode, [size, CORE[mode]!])),
    ),
  );
  const { error } = fitTucker(delta, CORE);
  const { s } = tidy(() => svd(reshape(delta, [SHAPE[0]!, -1])));
  const values = [...s.dataSync()];
  const norm = (from: number): number => Math.hypot(...values.slice(from));
  dispose([delta, s]);
  return { flora: error, lora: [1, 2, 3, 4].map((rank) => norm(rank) / norm(0)) };
}

async function once({ key, signal, quick, step }: Repetition) {
  const fit = fitted(foldIn(key, 'fit'));
  await step('a structured change fitted');
  const { base, source, train, test } = await turnedDigitsFor(model, { key, signal, quick, epochs: 8 });
  await step('base trained');

  // #region main
  // The second kernel is adapted: 352 numbers of LoRA, 332 of FLoRA.
  const config = loraConfig({ targetModules: ['conv2'], r: 2, loraAlpha: 2 });
  const target = { targetModules: ['conv2'], ranks: [4, 6, 2, 2], key: foldIn(key, 'start') };
  const methods = [
    {
      adapted: adaptModel(model, { default: config }),
      own: initLora(base, config, { key: target.key }).params,
    },
    { adapted: adaptFloraTucker(model), own: initFloraTucker(base, target) },
  ];
  // #endregion main
  const runs = [];
  for (const [m, { adapted, own }] of methods.entries()) {
    for (const learningRate of RATES) {
      const run = await fineTune({
        model: adapted,
        params: { ...base, ...own },
        trainable: adapted.trainable,
        learningRate,
        data: train,
        steps: STEPS,
        key: foldIn(key, 'fine'),
        signal,
        quick,
      });
      runs.push({ method: m, losses: run.losses, right: await percentRight(adapted, run.params, test) });
      dispose(run.params);
      await step(`${METHODS[m]}, rate ${learningRate}`);
    }
  }
  const numbers = methods.map(({ own }) => Object.values(own).reduce((sum, { size }) => sum + size, 0));
  dispose([base, source, train, test, methods.map(({ own }) => own)]);
  return { fit, runs, numbers };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 2 + METHODS.length * RATES.length, once);
  /** The run of a method at its own best rate, for each seed. */
  const bestOf = (method: number) =>
    runs.map(({ runs }) =>
      runs.filter((run) => run.method === method).reduce((a, b) => (lastLoss(b) < lastLoss(a) ? b : a)),
    );
  const [lora, flora] = [bestOf(0), bestOf(1)];
  const ranks = [1, 2, 3, 4];
  return {
    charts: [
      {
        type: 'scatter',
        title: 'What is missed of a change with Tucker structure',
        xAxis: { label: 'numbers' },
        yAxis: { label: '‖ΔW − fit‖ ÷ ‖ΔW‖', range: [0, 1] },
        series: [
          {
            name: 'LoRA of rank 1 to 4',
            x: ranks.map((rank) => rank * (32 + 144)),
            y: ranks.map((_, i) => mean(runs.map(({ fit }) => fit.lora[i]!))),
          },
          { name: 'FLoRA, core 4 × 4 × 2 × 2', x: [268], y: [mean(runs.map(({ fit }) => fit.flora))] },
        ],
      },
      {
        type: 'line',
        title: 'Turned digits: training loss at the best rate of each',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy', scale: 'log' },
        series: [lora, flora].map((best, m) => ({
          name: METHODS[m]!,
          x: best[0]!.losses.map((_, i) => i + 1),
          y: best[0]!.losses.map((_, i) => mean(best.map(({ losses }) => losses[i]!))),
          dashed: m === 0,
          points: false,
        })),
      },
    ],
    checks: [
      check(
        'Missed by FLoRA',
        runs.map(({ fit }) => fit.flora),
        { expected: { atMost: 1e-3 }, band: [0, 1e-2] },
      ),
      ...[0.6, 0.4].map((atLeast, i) =>
        check(
          `Missed by LoRA of rank ${i + 1}`,
          runs.map(({ fit }) => fit.lora[i]!),
          { expected: { atLeast }, band: [0.2, 1] },
        ),
      ),
      check(
        'Loss of FLoRA ÷ loss of LoRA on turned digits',
        flora.map((best, i) => lastLoss(best) / lastLoss(lora[i]!)),
        { expected: { atMost: 1.1 }, band: [0.3, 2.5] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['method', 'trained numbers', 'loss', 'turned digits right, percent'],
      rows: [lora, flora].map((best, m) => [
        METHODS[m]!,
        runs[0]!.numbers[m]!,
        mean(best.map((run) => lastLoss(run))),
        mean(best.map(({ right }) => right)),
      ]),
    },
  };
}
