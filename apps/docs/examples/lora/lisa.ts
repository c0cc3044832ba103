import { adaptModel, initLora, loraConfig, trainLisa } from '@weightloom/lora';
import {
  type ApplyContext,
  adamw,
  linear,
  type Model,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import {
  add,
  backendReport,
  dispose,
  foldIn,
  type Key,
  mul,
  relu,
  type Tensor,
  uniform,
  zeros,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigitsFor } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'LISA: Layerwise Importance Sampling for Memory-Efficient Large Language Model Fine-Tuning',
  authors: 'Pan et al.',
  venue: 'NeurIPS 2024',
  url: 'https://arxiv.org/abs/2403.17919',
};

export const claim =
  'A residual network of 8 blocks trained on digits learns turned digits in 200 steps. Training two random blocks at a time, drawn ' +
  'anew every 10 steps, beside first and last layer leaves a loss below 0.6 times that of first and last layer alone, and at most 1.5 ' +
  'times that of training everything; at no time do more than two blocks have optimiser state.';

const BLOCKS = Array.from({ length: 8 }, (_, i) => `blocks.${i}`);
const WIDTH = 64;
const STEPS = 200;
const RATE = 3e-3;
const METHODS = [
  'everything',
  'LISA, 2 blocks at a time',
  'first and last layer alone',
  'LoRA, r = 4',
] as const;

/** `h ← h + W relu(h) / √8`, eight times, between a first and a last layer. */
const model: Model = {
  config: { type: 'residual', width: WIDTH, blocks: BLOCKS.length },
  init(key: Key): StateDict {
    const layer = (path: string, inputs: number, outputs: number): [string, Tensor][] => {
      const bound = 1 / Math.sqrt(inputs);
      return [
        [`${path}.weight`, uniform(foldIn(key, path), [outputs, inputs], -bound, bound)],
        [`${path}.bias`, zeros([outputs])],
      ];
    };
    return Object.fromEntries([
      ...layer('first', 64, WIDTH),
      ...BLOCKS.flatMap((path) => layer(path, WIDTH, WIDTH)),
      ...layer('last', WIDTH, 10),
    ]);
  },
  apply(params: StateDict, x: Tensor, ctx?: ApplyContext): Tensor {
    let h = linear(params, 'first', x, ctx);
    for (const path of BLOCKS)
      h = add(h, mul(linear(params, path, relu(h), ctx), 1 / Math.sqrt(BLOCKS.length)));
    return linear(params, 'last', h, ctx);
  },
};

async function once({ key, signal, quick, step }: Repetition) {
  const { base, source, train, test } = await turnedDigitsFor(model, { key, signal, quick });
  await step('base trained');
  const common = { data: train, steps: quick ? 3 : STEPS, key: foldIn(key, 'fine'), signal };

  // #region main
  const lisa = await trainLisa({
    ...common,
    model,
    params: base,
    loss: softmaxCrossEntropy,
    optimizer: () => adamw({ learningRate: RATE }),
    layers: BLOCKS,
    activatedLayers: 2,
    intervalSteps: 10,
  });
  // #endregion main
  await step(METHODS[1]);

  const plain = { ...common, model, params: base, quick };
  const everything = await fineTune({ ...plain, optimizer: adamw({ learningRate: RATE }) });
  await step(METHODS[0]);
  const ends = await fineTune({
    ...plain,
    optimizer: adamw({ learningRate: RATE }),
    trainable: (name) => !name.startsWith('blocks.'),
  });
  await step(METHODS[2]);

  const config = loraConfig({
    targetModules: 'all-linear',
    excludeModules: ['first', 'last'],
    r: 4,
    loraAlpha: 4,
  });
  const adapted = adaptModel(model, { default: config });
  const own = initLora(base, config, { key: foldIn(key, 'lora') }).params;
  const lora = await fineTune({
    ...plain,
    model: adapted,
    params: { ...base, ...own },
    trainable: adapted.trainable,
    optimizer: adamw({ learningRate: 3e-2 }), // LoRA needs a larger one than the others
  });
  await step(METHODS[3]);

  const sizeOf = (wanted: (name: string) => boolean, dict: StateDict = base): number =>
    Object.keys(dict)
      .filter(wanted)
      .reduce((sum, name) => sum + dict[name]!.size, 0);
  const numbers = [
    sizeOf(() => true),
    lisa.peakTrained,
    sizeOf((name) => !name.startsWith('blocks.')),
    sizeOf(() => true, own),
  ];
  const runs = [everything, lisa, ends, lora];
  const right: number[] = [];
  for (const [i, { params }] of runs.entries())
    right.push(await percentRight(i === 3 ? adapted : model, params, test));
  dispose([base, source, train, test, own, runs.map(({ params }) => params)]);
  return { losses: runs.map(({ losses }) => losses), numbers, right };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + METHODS.length, once);
  const final = (method: number): number[] =>
    runs.map(({ losses }) => lastLoss({ losses: losses[method]! }, 20));
  const ratio = (bottom: number): number[] => final(1).map((loss, i) => loss / final(bottom)[i]!);
  const steps = runs[0]!.losses[0]!.map((_, i) => i + 1);
  const ends = 64 * WIDTH + WIDTH + WIDTH * 10 + 10;
  return {
    charts: [
      {
        type: 'line',
        title: 'Training loss on turned digits',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy', scale: 'log' },
        series: METHODS.map((name, m) => ({
          name,
          x: steps,
          y: steps.map((_, i) => mean(runs.map(({ losses }) => losses[m]![i]!))),
          dashed: m !== 1,
          points: false,
        })),
      },
      barsOf(
        'Numbers with optimiser state at a time',
        'numbers',
        METHODS.map((name, m) => ({ name, of: runs.map(({ numbers }) => numbers[m]!) })),
      ),
    ],
    checks: [
      check('Loss of LISA ÷ loss of first and last layer alone', ratio(2), {
        expected: { atMost: 0.6 },
        band: [0.05, 1.1],
      }),
      check('Loss of LISA ÷ loss of training everything', ratio(0), {
        expected: { atMost: 1.5 },
        band: [0.2, 4],
      }),
      check(
        'Numbers with optimiser state − (first, last and two blocks)',
        runs.map(({ numbers }) => numbers[1]! - ends - 2 * (WIDTH * WIDTH + WIDTH)),
        { expected: { atLeast: 0, atMost: 0 }, band: [-1e-9, 1e-9] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['trained', 'numbers with state', 'loss', 'turned digits right, percent'],
      rows: METHODS.map((name, m) => [
        name,
        mean(runs.map(({ numbers }) => numbers[m]!)),
        mean(final(m)),
        mean(runs.map(({ right }) => right[m]!)),
      ]),
    },
  };
}
