import { factorizedModel, factorizeModel, pelaObjective } from '@weightloom/lora';
import { adam, createTrainStep, type Dataset, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import {
  abs,
  backendReport,
  copy,
  dispose,
  foldIn,
  generator,
  matmul,
  max,
  mean as average,
  square,
  sub,
  type Tensor,
  tidy,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, pick, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean } from '../../src/summary.js';
import { heMlp } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'PELA: Learning Parameter-Efficient Models with Low-Rank Approximation',
  authors: 'Guo et al.',
  venue: 'CVPR 2024',
  url: 'https://arxiv.org/abs/2310.10700',
};

export const claim =
  'A network trained on digits is factorised to half its weights, all but the last layer. After 80 steps with the original’s features as a second target it ' +
  'is at most half a point below 80 steps on the labels alone, which are 3 points or more above no training at all; its features are ' +
  'less than half as far from the original’s, and its products stay nearer to the original weights.';

const STEPS = 80;
const BATCH = 128;
const FEATURES = ['layers.0', 'layers.1'];
const HEAD = 'layers.2';
const METHODS = ['SVD alone', 'SVD and labels', 'PELA'] as const;
const model = heMlp([64, 128, 128, 10]);

/** Mean squared error of the tapped features of a factorised model. */
function featureError(params: StateDict, teacher: StateDict, { inputs }: Dataset): number {
  const taps = (apply: typeof model.apply, weights: StateDict): Tensor[] => {
    const found: Tensor[] = [];
    apply(weights, inputs, {
      tap: (path, _, output) => void (FEATURES.includes(path) && found.push(output)),
    });
    return found;
  };
  const errors = tidy(() => {
    const theirs = taps(model.apply, teacher);
    return taps(factorizedModel(model).apply, params).map((mine, i) =>
      average(square(sub(mine, theirs[i]!))),
    );
  });
  return mean(errors.map((error) => error.item()));
}

/** The largest change of an entry of a factorised weight. */
const largestChange = (params: StateDict, teacher: StateDict): number =>
  Math.max(
    ...FEATURES.map((path) =>
      tidy(() =>
        max(
          abs(sub(matmul(params[`${path}.pela_b`]!, params[`${path}.pela_a`]!), teacher[`${path}.weight`]!)),
        ),
      ).item(),
    ),
  );

async function once({ key, signal, quick, step }: Repetition) {
  const digits = await splitDigits(key);
  const teacher = await train({
    model,
    data: digits.train,
    epochs: 18,
    key: foldIn(key, 'base'),
    signal,
    quick,
  });
  await step('original trained');

  // #region main
  const start = factorizeModel(teacher, { ratio: 2, omit: (path) => path === HEAD }); // half the weights of all others
  const small = factorizedModel(model);
  const settings = { 'SVD and labels': { kdAlpha: 0, infNormWeight: 0 }, PELA: { kdAlpha: 10 } };
  const models: Record<string, StateDict> = { 'SVD alone': start };
  for (const [name, weights] of Object.entries(settings)) {
    const objective = pelaObjective<Dataset>({
      model,
      teacher,
      batch: (batch) => batch,
      loss: softmaxCrossEntropy,
      features: FEATURES,
      ...weights,
    });
    const { init, step: advance } = createTrainStep({ objective, optimizer: adam({ learningRate: 1e-3 }) });
    let state = init(copy(start));
    const rows = generator(foldIn(key, 'rows'));
    for (let i = 0; i < (quick ? 3 : STEPS); i++) {
      const batch = pick(digits.train, rows.permutation(digits.train.inputs.shape[0]!).slice(0, BATCH));
      const next = advance(state, batch);
      dispose([batch, next.loss]);
      state = next.state;
    }
    models[name] = state.trainable;
    await step(name);
  }
  // #endregion main

  const results = [];
  for (const name of METHODS) {
    const params = models[name]!;
    results.push({
      right: await percentRight(small, params, digits.test),
      features: featureError(params, teacher, digits.test),
      change: largestChange(params, teacher),
    });
  }
  const size = (dict: StateDict): number => Object.values(dict).reduce((sum, t) => sum + t.size, 0);
  const result = {
    original: await percentRight(model, teacher, digits.test),
    results,
    sizes: [size(teacher), size(start)] as const,
  };
  dispose([digits, teacher, models]);
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 3, once);
  const of = (method: number, what: 'right' | 'features' | 'change'): number[] =>
    runs.map(({ results }) => results[method]![what]);
  const difference = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x - b[i]!);
  const ratio = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x / b[i]!);
  const original = { name: 'original', of: runs.map((r) => r.original) };
  const named = (what: 'right' | 'features' | 'change') =>
    METHODS.map((name, m) => ({ name, of: of(m, what) }));
  return {
    charts: [
      barsOf('Digits right', 'percent', [original, ...named('right')], [80, 100]),
      barsOf('How far the features are from the original’s', 'mean squared error', named('features')),
      barsOf('Largest change of a weight', 'absolute', named('change')),
    ],
    checks: [
      check('PELA − labels alone', difference(of(2, 'right'), of(1, 'right')), {
        expected: { atLeast: -0.5 },
        band: [-4, 5],
        unit: 'points',
      }),
      check('Labels alone − SVD alone', difference(of(1, 'right'), of(0, 'right')), {
        expected: { atLeast: 3 },
        band: [-2, 40],
        unit: 'points',
      }),
      check('Feature error of PELA ÷ of labels alone', ratio(of(2, 'features'), of(1, 'features')), {
        expected: { atMost: 0.5 },
        band: [0.01, 1],
      }),
      check('Largest change of PELA ÷ of labels alone', ratio(of(2, 'change'), of(1, 'change')), {
        expected: { atMost: 1 },
        band: [0.1, 1.5],
      }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['model', 'numbers', 'right, percent', 'feature error', 'largest change'],
      rows: [
        [original.name, runs[0]!.sizes[0], mean(original.of), 0, 0],
        ...METHODS.map((name, m) => [
          name,
          runs[0]!.sizes[1],
          mean(of(m, 'right')),
          mean(of(m, 'features')),
          mean(of(m, 'change')),
        ]),
      ],
    },
  };
}
