import { interpolateRobust, moduleCriticality, pgdAttack, robustAccuracy } from '@weightloom/lora';
import {
  adam,
  createTrainStep,
  type Dataset,
  fit,
  sgd,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import { backendReport, dispose, foldIn, generator, type Key } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, pick, rowsOf, splitDigits } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { heMlp } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'Improving Generalization of Adversarial Training via Robust Critical Fine-Tuning',
  authors: 'Zhu et al.',
  venue: 'ICCV 2023',
  url: 'https://arxiv.org/abs/2308.02533',
};

export const claim =
  'A network of six layers is trained on digits adversarially. Fine-tuned on clean digits, its least critical hidden layer loses less ' +
  'robustness than its most critical one; and between the robust and the fine-tuned weights there is a place whose clean accuracy is ' +
  'at least 0.3 points higher and whose robust accuracy is at most half a point lower.';

const EPSILON = 0.12;
const STEPS = 400;
const TUNING = 150;
const ATTACKS = 4; // test attacks an accuracy is averaged over
const model = heMlp([64, 64, 64, 64, 64, 64, 10]);
const HIDDEN = [0, 1, 2, 3, 4].map((i) => `layers.${i}`);
const attack = pgdAttack(model, softmaxCrossEntropy, { epsilon: EPSILON, steps: 5 });

/** Trains on attacked digits. */
async function trainRobust(
  data: Dataset,
  { key, signal, quick }: Pick<Repetition, 'key' | 'signal' | 'quick'>,
): Promise<StateDict> {
  const { init, step } = createTrainStep<Dataset>({
    objective: (params, { inputs, targets }) => softmaxCrossEntropy(model.apply(params, inputs), targets),
    optimizer: adam({ learningRate: 2e-3 }),
  });
  let state = init(model.init(key));
  const rows = generator(foldIn(key, 'rows'));
  for (let i = 0; i < (quick ? 3 : STEPS); i++) {
    const batch = pick(data, rows.permutation(data.inputs.shape[0]!).slice(0, 64));
    const inputs = attack(state.trainable, batch.inputs, batch.targets, foldIn(key, i));
    const next = step(state, { inputs, targets: batch.targets });
    dispose([batch, inputs, next.loss]);
    state = next.state;
    if (i % 50 === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
  }
  return state.trainable;
}

/** Percent right, as they are and under attack. */
interface Scores {
  readonly clean: number;
  readonly robust: number;
}

async function once({ key, signal, quick, step }: Repetition) {
  const { train, validation, test } = await splitDigits(key);
  const robust = await trainRobust(train, { key: foldIn(key, 'robust'), signal, quick });
  await step('trained adversarially');

  const scores = async (params: StateDict, data: Dataset, own: Key): Promise<Scores> => {
    let hard = 0;
    const attacks = quick ? 1 : ATTACKS;
    for (let i = 0; i < attacks; i++)
      hard += (100 * (await robustAccuracy(model, params, data, attack, foldIn(own, i)))) / attacks;
    return { clean: await percentRight(model, params, data), robust: hard };
  };

  const judge = (own: StateDict) => scores(own, test, foldIn(key, 'test'));

  // #region main
  const criticality = await moduleCriticality({
    model,
    params: robust,
    loss: softmaxCrossEntropy,
    data: quick ? rowsOf(train, 0, 128) : train,
    attack: { epsilon: EPSILON, steps: 5 },
    epochs: quick ? 1 : 5,
    key: foldIn(key, 'criticality'),
    signal,
  });
  await step('criticality measured');

  const order = criticality
    .filter(({ path }) => HIDDEN.includes(path))
    .sort((a, b) => a.criticality - b.criticality);
  const tuned: StateDict[] = [];
  for (const { path } of [order[0]!, order.at(-1)!]) {
    const { params } = await fit({
      model,
      params: robust,
      trainable: (name) => name === `${path}.weight`, // this layer alone, on clean digits
      optimizer: sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 }),
      loss: softmaxCrossEntropy,
      data: train,
      batchSize: 128,
      steps: quick ? 3 : TUNING,
      key: foldIn(key, 'fine'),
      signal,
    });
    tuned.push(params);
    await step(`${path} fine-tuned`);
  }
  // The place is chosen on validation data and judged on test data.
  const path: Scores[] = [];
  const evaluate = async (params: StateDict): Promise<Scores> => {
    path.push(await judge(params));
    await step('between the two');
    return scores(params, validation, foldIn(key, 'validation'));
  };
  const { params, a } = await interpolateRobust({ robust, tuned: tuned[0]!, evaluate, tolerance: 0.5 });
  // #endregion main
  const result = {
    criticality: criticality.map((found) => found.criticality),
    a,
    robust: await judge(robust),
    chosen: await judge(params),
    ends: [await judge(tuned[0]!), await judge(tuned[1]!)],
    path,
  };
  dispose([train, validation, test, robust, params, tuned]);
  return result;
}

const PLACES = Array.from({ length: 11 }, (_, i) => i / 10);

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 4 + PLACES.length, once);
  const gain = (of: (run: (typeof runs)[number]) => Scores, what: keyof Scores): number[] =>
    runs.map((run) => of(run)[what] - run.robust[what]);
  const layers = runs[0]!.criticality.map((_, i) => `${i + 1}`);
  return {
    charts: [
      {
        type: 'bar',
        title: 'Module robust criticality',
        categories: layers,
        categoryLabel: 'layer',
        valueAxis: { label: 'rise of the adversarial loss' },
        series: [
          {
            name: 'mean over the seeds',
            values: layers.map((_, i) => mean(runs.map((r) => r.criticality[i]!))),
          },
        ],
      },
      {
        type: 'line',
        title: 'From the robust weights to those with one layer fine-tuned',
        xAxis: { label: 'place, 0 is robust and 1 fine-tuned' },
        yAxis: { label: 'change, points' },
        series: (['clean', 'robust'] as const).map((what) => ({
          name: what === 'clean' ? 'digits right' : 'digits right under attack',
          x: PLACES,
          y: PLACES.map((_, i) => mean(gain((r) => r.path[i]!, what))),
          dashed: what === 'robust',
        })),
      },
    ],
    checks: [
      check(
        'Clean accuracy, chosen − robust',
        gain((r) => r.chosen, 'clean'),
        {
          expected: { atLeast: 0.3 },
          band: [-4, 8],
          unit: 'points',
        },
      ),
      check(
        'Robust accuracy, chosen − robust',
        gain((r) => r.chosen, 'robust'),
        {
          expected: { atLeast: -0.5 },
          band: [-8, 8],
          unit: 'points',
        },
      ),
      check(
        'Robust accuracy, least critical layer − most critical layer fine-tuned',
        runs.map(({ ends }) => ends[0]!.robust - ends[1]!.robust),
        { expected: { atLeast: 0 }, band: [-15, 30], unit: 'points' },
      ),
    ],
    notReproduced: {
      'Clean accuracy, chosen − robust':
        'For two seeds of eight no place on the way keeps the robust accuracy, so the robust weights stay as they are; over eight seeds the mean gain is 1.2 points, but one seed, or a mean over few, may gain nothing.',
      'Robust accuracy, chosen − robust':
        'The place is chosen on validation digits: over eight seeds the test digits under attack gain 0.9 points, but one seed may lose.',
      'Robust accuracy, least critical layer − most critical layer fine-tuned':
        'Single seeds go from a loss of 0.3 points to a gain of 1.1; over eight seeds the mean gain is 0.4, but one seed, or a mean over few, may lose.',
    },
    backend: backendReport().name,
    table: {
      columns: ['weights', 'right, percent', 'right under attack, percent'],
      rows: [
        ['adversarially trained', runs.map((r) => r.robust)] as const,
        ['least critical layer fine-tuned, place chosen', runs.map((r) => r.chosen)] as const,
        ['least critical layer fine-tuned', runs.map((r) => r.ends[0]!)] as const,
        ['most critical layer fine-tuned', runs.map((r) => r.ends[1]!)] as const,
      ].map(([name, found]) => [name, mean(found.map((s) => s.clean)), mean(found.map((s) => s.robust))]),
    },
  };
}
