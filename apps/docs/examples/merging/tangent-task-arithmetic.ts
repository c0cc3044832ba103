import {
  type ApplyFunction,
  disentanglementError,
  linearize,
  sweep,
  taskArithmetic,
} from '@weightloom/merging';
import { type Dataset, mlp, type StateDict } from '@weightloom/nn';
import { backendReport, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Task Arithmetic in the Tangent Space: Improved Editing of Pre-Trained Models',
  authors: 'Ortiz-Jimenez et al.',
  venue: 'NeurIPS 2023',
  url: 'https://arxiv.org/abs/2305.12827',
};

export const claim =
  'A base is fine-tuned three times, each time to another third of the digits: as it is, and made linear in its weights. When two ' +
  'changes are added, fewer answers of each task are turned around by the other in the linear models, and the sum of all three ' +
  'keeps a larger share of the accuracy that each model has on its own task.';

const model = mlp({ sizes: [64, 64, 64, 10] });
const TASKS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
];
const LAMBDAS = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
const ALPHAS = Array.from({ length: 9 }, (_, i) => -2 + i / 2);

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { signal, quick };
  const base = await train({
    ...common,
    model,
    data: rowsOf(pool, 0, 200),
    epochs: 15,
    key: foldIn(key, 'base'),
  });
  await step('base');
  const byTask = (data: Dataset): Promise<Dataset[]> => Promise.all(TASKS.map((t) => ofClasses(data, t)));
  const [trains, validations, tests] = [
    await byTask(rowsOf(pool, 200, 1100)),
    await byTask(validation),
    await byTask(test),
  ];

  // #region main
  const tangent = linearize(model, base); // f(x; θ₀) + J(θ₀)(θ − θ₀)
  const fineTune = async (net: Pick<typeof model, 'apply'>, name: string): Promise<StateDict[]> => {
    const models: StateDict[] = [];
    for (const [i, data] of trains.entries()) {
      const own = foldIn(key, i); // the same order of examples for both
      models.push(await train({ ...common, model: net, params: base, data, epochs: 10, key: own }));
      await step(`${name}, task ${i + 1}`);
    }
    return models;
  };
  const standard = await fineTune(model, 'standard');
  const linear = await fineTune(tangent, 'linear');

  /** Adds the three changes, all with the strength that is best on validation data; `net` is what answers. */
  const measure = async (net: { readonly apply: ApplyFunction }, models: readonly StateDict[]) => {
    const sum = await sweep(LAMBDAS, {
      merge: (lambda) => taskArithmetic(base, models, { lambda }),
      evaluate: async (params) =>
        mean(await Promise.all(validations.map((data) => percentRight(net, params, data)))),
      signal,
    });
    const { errors } = await disentanglementError({
      apply: net.apply,
      base,
      models: [models[0]!, models[1]!],
      inputs: [tests[0]!.inputs, tests[1]!.inputs],
      alphas: quick ? [0, 1] : ALPHAS,
      signal,
    });
    const single = await Promise.all(models.map((params, i) => percentRight(net, params, tests[i]!)));
    const merged = await Promise.all(tests.map((data) => percentRight(net, sum.params, data)));
    return { errors, single, merged, lambda: sum.value };
  };
  const modes = {
    standard: await measure(model, standard),
    posthoc: await measure(tangent, standard), // fine-tuned as it is, then answered with linearly
    linear: await measure(tangent, linear),
  };
  // #endregion main
  await step('measured');
  return modes;
}

type Mode = 'standard' | 'posthoc' | 'linear';

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 8, repetition);
  const alphas = options.quick ? [0, 1] : ALPHAS;
  const one = alphas.indexOf(1);
  const modes: readonly Mode[] = ['standard', 'posthoc', 'linear'];
  const error = (mode: Mode): number[] => runs.map((r) => r[mode].errors[one]![one]!);
  const normalized = (mode: Mode): number[] =>
    runs.map(({ [mode]: { merged, single } }) => 100 * mean(merged.map((x, i) => x / single[i]!)));
  const map = (mode: 'standard' | 'linear') => ({
    type: 'heatmap' as const,
    title: `Disentanglement error, ${mode} fine-tuning`,
    description: 'Answers of both tasks that the other task turns around, mean over the seeds; 0 is best.',
    rows: alphas.map((a) => a.toFixed(1)),
    columns: alphas.map((a) => a.toFixed(1)),
    rowLabel: 'α₁',
    columnLabel: 'α₂',
    values: alphas.map((_, i) => alphas.map((__, j) => mean(runs.map((r) => r[mode].errors[i]![j]!)))),
  });
  const names = { standard: 'standard', posthoc: 'standard, linear afterwards', linear: 'linear' };
  return {
    charts: [
      map('standard'),
      map('linear'),
      barsOf(
        'Sum of three changes',
        'share of own accuracy kept, percent',
        modes.map((mode) => ({ name: names[mode], of: normalized(mode) })),
        [0, 110],
      ),
    ],
    checks: [
      check(
        'ξ(1, 1), linear − standard',
        error('linear').map((x, i) => x - error('standard')[i]!),
        { expected: { atMost: 0 }, band: [-2, 1] },
      ),
      check(
        'Share of accuracy kept, linear − standard',
        normalized('linear').map((x, i) => x - normalized('standard')[i]!),
        { expected: { atLeast: 0 }, band: [-30, 60], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(
      options.seeds,
      modes.flatMap((mode) => [
        { name: `${mode}: single`, of: runs.map((r) => mean(r[mode].single)) },
        { name: 'sum', of: runs.map((r) => mean(r[mode].merged)) },
        { name: 'λ', of: runs.map((r) => r[mode].lambda) },
        { name: 'ξ(1, 1)', of: error(mode) },
      ]),
    ),
  };
}
