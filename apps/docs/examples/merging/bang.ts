import { addGaussianNoise, translateDigits } from '@weightloom/datasets';
import { type ApplyFunction, ensemble, mixUp, outcomeCells, wiseFt } from '@weightloom/merging';
import {
  accuracy,
  calibrationError,
  type Dataset,
  mlp,
  predict,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import {
  backendReport,
  concat,
  dispose,
  foldIn,
  generator,
  max,
  mean as average,
  softmax,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { changed, percentRight, pick, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { type SpuriousAccuracies, spuriousFeatures } from '../../src/spurious-features.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Spurious Feature Diversification Improves Out-of-distribution Generalization',
  authors: 'Lin et al.',
  venue: 'ICLR 2024',
  url: 'https://arxiv.org/abs/2309.17230',
};

export const claim =
  'A model that has seen a few clean and a few shifted digits is fine-tuned on many clean ones. Half way between the two (WiSE-FT) at ' +
  'least 5 points more of the shifted digits are right than after fine-tuning, and on clean ones at least 5 more than before it. With ' +
  'label smoothing while fine-tuning (BANG), which keeps the model from being surer than its parent, still more in the mean over the ' +
  'seeds. Some shifted digits both parents get wrong and their average gets right. Mixup in place of smoothing is shown, not claimed. ' +
  'Two linear models that rely on different spurious features show why an average can be right where both are wrong.';

const model = mlp({ sizes: [64, 64, 64, 10] });
const ALPHAS = Array.from({ length: 11 }, (_, i) => i / 10);
const EPOCHS = 25;
/** How often a spurious feature shows a random class. */
const FLIPS = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 1];

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: clean, test } = await splitDigits(key);
  /** One pixel to the right, and noise of a fifth of the range. */
  const shifted = (data: Dataset, name: string): Promise<Dataset> => {
    const random = generator(foldIn(key, name)).uniform;
    return changed(data, (x) =>
      addGaussianNoise(translateDigits(x, { dx: 1 }), { standardDeviation: 0.2, random }),
    );
  };
  const common = { model, epochs: EPOCHS, signal, quick };
  const every = (data: Dataset, from: number): Dataset =>
    pick(
      data,
      Array.from({ length: 157 }, (_, i) => 7 * i + from),
    );
  const few = together([every(clean, 0), await shifted(every(clean, 0), 'few')]);
  const zeroShot = await train({ ...common, data: few, learningRate: 2e-3, key: foldIn(key, 'zero-shot') });
  await step('zero-shot');

  // #region main
  const fineTune = async (how: string, data: Dataset, labelSmoothing = 0): Promise<StateDict> => {
    const params = await train({
      ...common,
      params: zeroShot,
      data,
      epochs: how === 'mixup' ? 1 : EPOCHS, // its data are as many passes, each blended anew
      learningRate: 2e-3,
      loss: (logits, targets) => softmaxCrossEntropy(logits, targets, { labelSmoothing }),
      key: foldIn(key, 'fine-tune'),
    });
    await step(how);
    return params;
  };
  const blended = together(
    Array.from({ length: quick ? 1 : EPOCHS }, (_, i) =>
      mixUp(clean, { classes: 10, alpha: 0.4, key: foldIn(foldIn(key, 'mixup'), i) }),
    ),
  );
  const tuned = {
    plain: await fineTune('plain', clean),
    smoothed: await fineTune('smoothed', clean, 0.1),
    mixed: await fineTune('mixup', blended),
  };
  const averaged = {
    plain: await wiseFt(zeroShot, tuned.plain), // WiSE-FT
    smoothed: await wiseFt(zeroShot, tuned.smoothed), // BANG with label smoothing
    mixed: await wiseFt(zeroShot, tuned.mixed), // BANG with mixup
  };
  // #endregion main

  const other = await shifted(test, 'test');
  const right = async (params: StateDict) => ({
    clean: await percentRight(model, params, test),
    shifted: await percentRight(model, params, other),
  });
  const curve = async (params: StateDict) => {
    const points: { clean: number; shifted: number }[] = [];
    for (const alpha of ALPHAS) points.push(await right(await wiseFt(zeroShot, params, { alpha })));
    return points;
  };
  const outputs = (params: StateDict) => predict({ model, params, inputs: other.inputs, signal });
  const [before, after, between] = [
    await outputs(zeroShot),
    await outputs(tuned.plain),
    await outputs(averaged.plain),
  ];
  const apply: ApplyFunction = (params, inputs) => model.apply(params, inputs);
  const trust = async (params: StateDict) => {
    const logits = await outputs(params);
    const confidence = await numberOf(() => average(max(softmax(logits), { axis: 1 })));
    return { confidence, ece: await calibrationError(logits, other.targets) };
  };
  const spurious: SpuriousAccuracies[] = [];
  for (const p of FLIPS) spurious.push(await spuriousFeatures(foldIn(key, `spurious ${p}`), p));
  const result = {
    spurious,
    zeroShot: await right(zeroShot),
    tuned: {
      plain: await right(tuned.plain),
      smoothed: await right(tuned.smoothed),
      mixed: await right(tuned.mixed),
    },
    averaged: {
      plain: await right(averaged.plain),
      smoothed: await right(averaged.smoothed),
      mixed: await right(averaged.mixed),
    },
    outputs:
      100 *
      (await numberOf(() => accuracy(ensemble(apply, [zeroShot, tuned.plain])(other.inputs), other.targets))),
    cells: await outcomeCells([before, after, between], other.targets),
    curves: { plain: await curve(tuned.plain), smoothed: await curve(tuned.smoothed) },
    trust: {
      zeroShot: await trust(zeroShot),
      plain: await trust(tuned.plain),
      smoothed: await trust(tuned.smoothed),
      mixed: await trust(tuned.mixed),
    },
  };
  dispose([clean, test, few, blended, other, zeroShot, tuned, averaged, before, after, between]);
  await step('measured');
  return result;
}

/** Several data sets as one; labels stay labels, shares stay shares. */
const together = (parts: readonly Dataset[]): Dataset => ({
  inputs: concat(parts.map(({ inputs }) => inputs)),
  targets: concat(parts.map(({ targets }) => targets)),
});

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 5, repetition);
  type Run = (typeof runs)[number];
  const of = (f: (r: Run) => number): number[] => runs.map(f);
  const shiftedRows = [
    { name: 'zero-shot', of: of((r) => r.zeroShot.shifted) },
    { name: 'fine-tuned', of: of((r) => r.tuned.plain.shifted) },
    { name: 'mean of outputs', of: of((r) => r.outputs) },
    { name: 'WiSE-FT', of: of((r) => r.averaged.plain.shifted) },
    { name: 'BANG, smoothed', of: of((r) => r.averaged.smoothed.shifted) },
    { name: 'BANG, mixup', of: of((r) => r.averaged.mixed.shifted) },
  ];
  const path = (name: string, points: (r: Run) => readonly { clean: number; shifted: number }[]) => ({
    name,
    x: ALPHAS.map((_, i) => mean(of((r) => points(r)[i]!.clean))),
    y: ALPHAS.map((_, i) => mean(of((r) => points(r)[i]!.shifted))),
    points: true,
  });
  const cells = Object.keys(runs[0]!.cells) as (keyof Run['cells'])[];
  const mixed = cells.filter((cell) => cell !== 'TrueTrueTrue' && cell !== 'FalseFalseFalse');
  return {
    charts: [
      { ...barsOf('Shifted digits', 'accuracy, percent', shiftedRows, [0, 100]), horizontal: true },
      {
        type: 'line',
        title: 'From zero-shot to fine-tuned',
        description: 'Each point is one α from 0 (left) to 1 (right), mean over the seeds.',
        xAxis: { label: 'clean digits, percent' },
        yAxis: { label: 'shifted digits, percent' },
        series: [
          path('BANG, smoothed', (r) => r.curves.smoothed),
          { ...path('WiSE-FT', (r) => r.curves.plain), dashed: true },
        ],
      },
      {
        ...barsOf(
          'Zero-shot, fine-tuned and their average: who is right',
          'percent of shifted digits',
          mixed.map((cell) => ({ name: cell, of: of((r) => 100 * r.cells[cell]) })),
        ),
        horizontal: true,
      },
      {
        type: 'line',
        title: 'Why: models that rely on different spurious features',
        description:
          'Two linear models of three classes have learned two features that hold and three that fail at test time, no two the same. Where a failing feature shows a random class, the others outvote it: the more of them, the surer.',
        xAxis: { label: 'how often a spurious feature shows a random class' },
        yAxis: { label: 'accuracy, percent', range: [75, 100] },
        series: (['average', 'single'] as const).map((kind) => ({
          name: { average: 'average of the two', single: 'one model' }[kind],
          x: FLIPS,
          y: FLIPS.map((_, i) => mean(of((r) => r.spurious[i]![kind]))),
          dashed: kind === 'single',
        })),
      },
    ],
    checks: [
      check(
        'Shifted: WiSE-FT − fine-tuned',
        of((r) => r.averaged.plain.shifted - r.tuned.plain.shifted),
        { expected: { atLeast: 5 }, band: [-5, 40], unit: 'points' },
      ),
      check(
        'Clean: WiSE-FT − zero-shot',
        of((r) => r.averaged.plain.clean - r.zeroShot.clean),
        { expected: { atLeast: 5 }, band: [-3, 40], unit: 'points' },
      ),
      check(
        'Shifted: BANG with smoothing − WiSE-FT',
        of((r) => r.averaged.smoothed.shifted - r.averaged.plain.shifted),
        { expected: { atLeast: 0 }, band: [-6, 8], unit: 'points' },
      ),
      check(
        'Both parents wrong, average right',
        of((r) => 100 * r.cells.FalseFalseTrue),
        { expected: { atLeast: 0.1 }, band: [0, 30], unit: 'percent of shifted digits' },
      ),
      check(
        'Spurious features, nine of ten random: average − one model',
        of((r) => r.spurious[FLIPS.indexOf(0.9)]!.average - r.spurious[FLIPS.indexOf(0.9)]!.single),
        { expected: { atLeast: 10 }, band: [9, 13], unit: 'points' }, // 97.3 - 86.5
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...shiftedRows,
      { name: 'clean: zero-shot', of: of((r) => r.zeroShot.clean) },
      { name: 'clean: WiSE-FT', of: of((r) => r.averaged.plain.clean) },
      { name: 'confidence: zero-shot', of: of((r) => r.trust.zeroShot.confidence) },
      { name: 'fine-tuned', of: of((r) => r.trust.plain.confidence) },
      { name: 'smoothed', of: of((r) => r.trust.smoothed.confidence) },
      { name: 'mixup', of: of((r) => r.trust.mixed.confidence) },
      { name: 'calibration error: fine-tuned', of: of((r) => r.trust.plain.ece) },
      { name: 'smoothed', of: of((r) => r.trust.smoothed.ece) },
    ]),
  };
}
