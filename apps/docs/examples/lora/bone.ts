import {
  adaptBone,
  adaptModel,
  boneAdapter,
  type BoneOptions,
  type BoneVariant,
  initBone,
  initLora,
  loraConfig,
  mergeAdapter,
  unmergeAdapter,
} from '@weightloom/lora';
import type { StateDict } from '@weightloom/nn';
import { abs, backendReport, dispose, foldIn, max, sub, tidy } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigits } from '../../src/turned-digits.js';

export const paper: Paper = {
  title:
    'Bone: Block Affine Transformation as Parameter Efficient Fine-tuning Methods for Large Language Models',
  authors: 'Kang',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2409.15371',
};

export const claim =
  'A network trained on digits learns digits turned by 90°, all methods at the learning rate 1e-3 and with about as many trained ' +
  'numbers. After 200 steps Bone’s loss is below LoRA’s, and Bat’s is at most 5 % above Bone’s. Taking a merged Bat adapter out ' +
  'again gives the base back. With every method at its own best rate this task does not favour Bone, so we do not claim that.';

const RATE = 1e-3;
const STEPS = 200;
const METHODS = ['LoRA, r = 4', 'Bone, r = 8', 'Bat, r = 8'] as const;
const HIDDEN = ['0', '1', '2']; // 10 outputs do not divide by 8

/** Largest difference of two dicts of weights. */
const apart = (a: StateDict, b: StateDict): number =>
  Math.max(...Object.keys(a).map((name) => tidy(() => max(abs(sub(a[name]!, b[name]!)))).item()));

async function once({ key, signal, quick, step }: Repetition) {
  const { model, ...data } = await turnedDigits([192, 192, 192], { key, signal, quick });
  const { base, train, test } = data;
  await step('base trained');

  // #region main
  const options = (variant: BoneVariant): BoneOptions => ({ targetModules: HIDDEN, r: 8, variant });
  const config = loraConfig({ targetModules: HIDDEN, r: 4, loraAlpha: 4 });
  const methods = [
    { model: adaptModel(model, { default: config }), own: initLora(base, config, { key }).params },
    { model: adaptBone(model, { variant: 'bone' }), own: initBone(base, options('bone')) },
    { model: adaptBone(model, { variant: 'bat' }), own: initBone(base, options('bat')) },
  ];
  const runs = [];
  for (const [i, method] of methods.entries()) {
    const run = await fineTune({
      model: method.model,
      params: { ...base, ...method.own },
      trainable: method.model.trainable,
      data: train,
      learningRate: RATE,
      steps: STEPS,
      key: foldIn(key, 'fine'),
      signal,
      quick,
    });
    runs.push({ ...run, right: await percentRight(method.model, run.params, test) });
    await step(METHODS[i]!);
  }

  // Into the weights, and out of them again.
  const adapter = await boneAdapter(runs[2]!.params, options('bat'));
  const merged = await mergeAdapter(base, adapter);
  const back = await unmergeAdapter(merged, adapter);
  // #endregion main

  const result = {
    losses: runs.map(({ losses }) => losses),
    right: runs.map(({ right }) => right),
    numbers: methods.map(({ own }) => Object.values(own).reduce((sum, { size }) => sum + size, 0)),
    back: apart(base, back),
  };
  dispose([data, methods.map(({ own }) => own), runs.map(({ params }) => params), merged, back]);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + METHODS.length, once);
  const final = (method: number): number[] => runs.map(({ losses }) => lastLoss({ losses: losses[method]! }));
  const ratio = (top: number, bottom: number): number[] =>
    final(top).map((loss, i) => loss / final(bottom)[i]!);
  const steps = runs[0]!.losses[0]!.map((_, i) => i + 1);
  return {
    charts: [
      {
        type: 'line',
        title: 'Training loss at one small rate',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy', scale: 'log' },
        series: METHODS.map((name, m) => ({
          name,
          x: steps,
          y: steps.map((_, i) => mean(runs.map(({ losses }) => losses[m]![i]!))),
          dashed: m === 0,
          points: false,
        })),
      },
    ],
    checks: [
      check('Loss of Bone ÷ loss of LoRA', ratio(1, 0), { expected: { atMost: 0.9 }, band: [0.1, 1.3] }),
      check('Loss of Bat ÷ loss of Bone', ratio(2, 1), { expected: { atMost: 1.05 }, band: [0.3, 1.5] }),
      check(
        'Largest change of a weight by merging and taking out, Bat',
        runs.map(({ back }) => back),
        { expected: { atMost: 1e-4 }, band: [0, 1e-3] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['method', 'trained numbers', 'loss', 'turned digits right, percent'],
      rows: METHODS.map((name, m) => [
        name,
        runs[0]!.numbers[m]!,
        mean(final(m)),
        mean(runs.map(({ right }) => right[m]!)),
      ]),
    },
  };
}
