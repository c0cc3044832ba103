import { rotateDigits } from '@weightloom/datasets';
import { sweep, taskArithmetic, uniformSoup } from '@weightloom/merging';
import { type Dataset, mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { changed, ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Editing Models with Task Arithmetic',
  authors: 'Ilharco et al.',
  venue: 'ICLR 2023',
  url: 'https://arxiv.org/abs/2212.04089',
};

export const claim =
  'What fine-tuning on the digits 0 to 4 changed, taken away from the base instead of added, makes it forget them: at least 50 points, ' +
  'while 5 to 9 lose at most 3. Two such changes added with the best strength are at most 3 points below the plain mean of the models. ' +
  'By analogy, the change for turned 5 to 9, which nobody trained, is "upright 5 to 9, plus turned 0 to 4, less upright 0 to 4": added ' +
  'to the base it reads such pictures better than the base does, and better than the model fine-tuned on upright 5 to 9.';

const model = mlp({ sizes: [64, 64, 64, 10] });
const LOW = [0, 1, 2, 3, 4];
const HIGH = [5, 6, 7, 8, 9];
const turned = (pictures: Float32Array): Float32Array => rotateDigits(pictures, { degrees: 40 });
const LAMBDAS = Array.from({ length: 11 }, (_, i) => i / 10);

/** Accuracies on test data, in percent, for one seed. */
async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, validation, test } = await splitDigits(key);
  const right = (params: StateDict, data: Dataset): Promise<number> => percentRight(model, params, data);
  const common = { model, signal, quick };
  const base = await train({
    ...common,
    data: rowsOf(pool, 0, 200),
    epochs: 40,
    key: foldIn(key, 'base'),
  });
  await step('base');
  const own = rowsOf(pool, 200, 1100);
  const fineTune = async (name: string, data: Dataset): Promise<StateDict> => {
    const params = await train({ ...common, params: base, data, epochs: 10, key: foldIn(key, name) });
    await step(name);
    return params;
  };
  const [low, high] = [await ofClasses(own, LOW), await ofClasses(own, HIGH)];
  const a = await fineTune('0–4', low);
  const b = await fineTune('5–9', high);
  const c = await fineTune('0–4, turned', await changed(low, turned));

  // #region main
  // Forgetting: the change of a fine-tune, subtracted.
  const forgetful = await taskArithmetic(base, [a], { weights: [-1] });

  // Addition: two changes with one strength for both, chosen on validation data.
  const added = await sweep(LAMBDAS, {
    merge: (lambda) => taskArithmetic(base, [a, b], { lambda }),
    evaluate: (params) => right(params, validation),
    signal,
  });
  const soup = await uniformSoup([a, b]); // the same as λ = ½

  // Analogy: normal 0–4 is to turned 0–4 as normal 5–9 is to what nobody has trained.
  const analogy = (lambda: number): Promise<StateDict> =>
    taskArithmetic(base, [b, c, a], { weights: [1, 1, -1], lambda });
  // #endregion main

  const tests = { low: await ofClasses(test, LOW), high: await ofClasses(test, HIGH) };
  const unseen = await changed(tests.high, turned);
  const unseenValidation = await changed(await ofClasses(validation, HIGH), turned);
  const analog = await sweep(LAMBDAS, {
    merge: analogy,
    evaluate: (params) => right(params, unseenValidation),
    signal,
  });
  const curve: { lambda: number; low: number; high: number }[] = [];
  for (let i = -10; i <= 10; i += 2) {
    const params = await taskArithmetic(base, [a], { lambda: i / 10 });
    curve.push({
      lambda: i / 10,
      low: await right(params, tests.low),
      high: await right(params, tests.high),
    });
    dispose(params);
  }
  await step('measured');
  return {
    curve,
    low: await right(base, tests.low),
    high: await right(base, tests.high),
    forgotLow: await right(forgetful, tests.low),
    forgotHigh: await right(forgetful, tests.high),
    added: await right(added.params, test),
    soup: await right(soup, test),
    single: mean([await right(a, test), await right(b, test)]),
    lambda: added.value,
    unseenBase: await right(base, unseen),
    unseenNormal: await right(b, unseen),
    unseenInverted: await right(c, unseen),
    unseenAnalogy: await right(analog.params, unseen),
  };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 5, repetition);
  const of = (name: keyof Omit<(typeof runs)[number], 'curve'>) => runs.map((r) => r[name]);
  const line = (name: 'low' | 'high') => {
    const at = runs[0]!.curve.map((_, i) => runs.map((r) => r.curve[i]![name]));
    return {
      x: runs[0]!.curve.map(({ lambda }) => lambda),
      y: at.map(mean),
      band: { lower: at.map((v) => Math.min(...v)), upper: at.map((v) => Math.max(...v)) },
    };
  };
  const sums = [
    { name: 'fine-tuned, mean', of: of('single') },
    { name: 'plain mean of both', of: of('soup') },
    { name: 'sum, best strength', of: of('added') },
  ];
  const analogies = [
    { name: 'base', of: of('unseenBase') },
    { name: 'fine-tuned on 5–9', of: of('unseenNormal') },
    { name: 'fine-tuned on turned 0–4', of: of('unseenInverted') },
    { name: 'analogy', of: of('unseenAnalogy') },
  ];
  return {
    charts: [
      {
        type: 'line',
        title: 'Base + λ · (fine-tuned on 0–4 − base)',
        description: 'From forgetting, λ = −1, to learning, λ = 1; bands span the seeds.',
        xAxis: { label: 'λ' },
        yAxis: { label: 'accuracy, percent', range: [0, 100] },
        series: [
          { name: 'digits 0–4', ...line('low') },
          { name: 'digits 5–9', ...line('high') },
        ],
      },
      barsOf('All ten digits: two changes added', 'accuracy, percent', sums, [0, 100]),
      barsOf('Turned 5–9, which no model saw', 'accuracy, percent', analogies, [0, 100]),
    ],
    checks: [
      check(
        'Forgetting: 0–4, base − negated',
        runs.map((r) => r.low - r.forgotLow),
        { expected: { atLeast: 50 }, band: [20, 100], unit: 'points' },
      ),
      check(
        'Forgetting: 5–9, base − negated',
        runs.map((r) => r.high - r.forgotHigh),
        { expected: { atMost: 3 }, band: [-40, 20], unit: 'points' },
      ),
      check(
        'Addition: best strength − plain mean',
        runs.map((r) => r.added - r.soup),
        { expected: { atLeast: -3 }, band: [-8, 15], unit: 'points' },
      ),
      check(
        'Analogy − base, on turned 5–9',
        runs.map((r) => r.unseenAnalogy - r.unseenBase),
        { expected: { atLeast: 5 }, band: [-10, 90], unit: 'points' },
      ),
      check(
        'Analogy − fine-tuned on 5–9, on turned 5–9',
        runs.map((r) => r.unseenAnalogy - r.unseenNormal),
        { expected: { atLeast: 0 }, band: [-30, 60], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      { name: '0–4: base', of: of('low') },
      { name: 'negated', of: of('forgotLow') },
      { name: '5–9: base', of: of('high') },
      { name: 'negated', of: of('forgotHigh') },
      ...sums,
      { name: 'best λ', of: of('lambda') },
      ...analogies,
    ]),
  };
}
