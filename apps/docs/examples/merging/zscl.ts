import { linear, trainZscl, type TrainZsclOptions } from '@weightloom/merging';
import { adamw, type Dataset, mlp, type Model, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import {
  backendReport,
  dispose,
  div,
  foldIn,
  matmul,
  mul,
  norm,
  normal,
  slice,
  sub,
  take,
  type Tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, rowsOfStep, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Preventing Zero-Shot Transfer Degradation in Continual Learning of Vision-Language Models',
  authors: 'Zheng et al.',
  venue: 'ICCV 2023',
  url: 'https://arxiv.org/abs/2303.06628',
};

export const claim =
  'A model of two towers that knows all ten digits is fine-tuned on three, three and four of them, one group after the other, each time ' +
  'knowing only the names of the group. Averaging weights along the way leaves at least 4 points more accuracy over all digits than plain ' +
  'fine-tuning, distillation on 250 unlabelled reference digits at least 8, and both together at least 8, within 2 points of the accuracy ' +
  'before. A plain pull to the first weights does as well here, which the paper does not find.';

const TASKS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
];
const STEPS = 60; // of each task
const FEATURES = 32;
const SCALE = 10;

const tower = mlp({ sizes: [64, 64, 64, FEATURES] });
const unit = (x: Tensor): Tensor => div(x, norm(x, { axis: -1, keepDims: true }));

/** As CLIP: pictures and names of classes are mapped to one space, and the nearest name is the answer. */
const model: Model = {
  config: { type: 'two towers' },
  init: (key) => ({ ...tower.init(key), text: normal(foldIn(key, 'text'), [10, FEATURES]) }),
  apply: (params, x) => mul(matmul(unit(tower.apply(params, x)), transpose(unit(params.text!))), SCALE),
};

/** Accuracies on each group of classes before the first task and after each: `[4][3]`, in percent. */
type Course = number[][];

const methods = ['plain', 'L2', 'LwF', 'WiSE', 'ensemble', 'distillation', 'ZSCL'] as const;
type MethodName = (typeof methods)[number];

async function repetition({ key, signal, quick, step }: Repetition): Promise<Record<MethodName, Course>> {
  // #region main
  const { train: pool, test } = await splitDigits(key);
  const base = await train({
    model,
    data: rowsOf(pool, 0, 250),
    epochs: 40,
    learningRate: 3e-3,
    key: foldIn(key, 'base'),
    signal,
    quick,
  });
  const unlabelled = rowsOf(pool, 250, 500).inputs;
  const lessons = await Promise.all(TASKS.map((classes) => ofClasses(rowsOf(pool, 500, 1100), classes)));
  const rowsOfReference = rowsOfStep(foldIn(key, 'reference'), 250, 64);

  /** One task, by one method. */
  const learn = async (
    params: StateDict,
    data: Dataset,
    task: number,
    how: MethodName,
  ): Promise<StateDict> => {
    const rows = rowsOfStep(foldIn(key, `task ${task}`), data.inputs.shape[0]!, 64);
    const pictures = how === 'LwF' ? data.inputs : unlabelled;
    const options: TrainZsclOptions<Dataset & { index: Tensor }, { pictures: Tensor; index: Tensor }> = {
      params,
      // As in the paper, a task knows only the names of its own classes.
      loss: (weights, { inputs, targets, index }) => {
        const [scores, labels] = [model.apply(weights, take(inputs, index)), take(targets, index)];
        const [from, to] = [TASKS[task]![0]!, TASKS[task]!.at(-1)! + 1];
        return softmaxCrossEntropy(slice(scores, [0, from], [labels.size, to]), sub(labels, from));
      },
      batch: (i) => ({ ...data, index: rows(i) }),
      steps: quick ? 3 : STEPS,
      optimizer: adamw({ learningRate: 3e-3 }),
      reference: {
        teacher: base,
        texts: base.text!,
        features: (weights, { pictures, index }) => tower.apply(weights, take(pictures, index)),
        batch: (i) => ({ pictures, index: how === 'LwF' ? rows(i) : rowsOfReference(i) }),
        scale: SCALE,
        weight: 5,
      },
      consolidation: how === 'L2' ? 0.1 : 0,
      ensemble: how === 'ensemble' || how === 'ZSCL' ? { every: 10 } : false,
      signal,
    };
    const distils = how === 'LwF' || how === 'distillation' || how === 'ZSCL';
    const { params: learned } = await trainZscl(distils ? options : { ...options, reference: undefined });
    return how === 'WiSE' ? linear([base, learned]) : learned;
  };
  // #endregion main
  await step('base');

  const tests = await Promise.all(TASKS.map((classes) => ofClasses(test, classes)));
  const measure = (params: StateDict): Promise<number[]> =>
    Promise.all(tests.map((data) => percentRight(model, params, data)));
  const courses: Partial<Record<MethodName, Course>> = {};
  for (const how of methods) {
    let params = base;
    const course = [await measure(base)];
    for (const [task, data] of lessons.entries()) {
      const next = await learn(params, data, task, how);
      if (params !== base) dispose(params);
      params = next;
      course.push(await measure(params));
    }
    dispose(params);
    courses[how] = course;
    await step(how);
  }
  dispose([base, unlabelled, lessons, tests, test, pool]);
  return courses as Record<MethodName, Course>;
}

/** Accuracy over all digits, each class counting the same. */
const overall = (groups: readonly number[]): number =>
  groups.reduce((sum, percent, i) => sum + percent * TASKS[i]!.length, 0) / 10;

/** Mean accuracy on groups that were not taught yet. */
const transfer = (course: Course): number =>
  mean([1, 2].map((group) => mean(course.slice(1, group + 1).map((after) => after[group]!))));

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, methods.length + 1, repetition);
  const last = (how: MethodName): number[] => runs.map((r) => overall(r[how].at(-1)!));
  const names: Record<MethodName, string> = {
    plain: 'plain fine-tuning',
    L2: 'pull to the start',
    LwF: 'distillation on the task',
    WiSE: 'WiSE-FT after each task',
    ensemble: 'weight ensemble',
    distillation: 'distillation on reference',
    ZSCL: 'ZSCL: both',
  };
  const final = methods.map((how) => ({ name: names[how], of: last(how) }));
  const first = { name: 'before', of: runs.map((r) => overall(r.plain[0]!)) };
  const gain = (how: MethodName): number[] => last(how).map((value, i) => value - last('plain')[i]!);
  return {
    charts: [
      {
        type: 'line',
        title: 'Accuracy over all digits as tasks come and go',
        xAxis: { label: 'tasks learned' },
        yAxis: { label: 'accuracy, percent' },
        series: (['ZSCL', 'ensemble', 'WiSE', 'plain'] as const).map((how) => ({
          name: names[how],
          x: [0, 1, 2, 3],
          y: [0, 1, 2, 3].map((t) => mean(runs.map((r) => overall(r[how][t]!)))),
          dashed: how === 'plain',
        })),
      },
      barsOf('After the last task', 'accuracy over all digits, percent', [first, ...final]),
      {
        type: 'bar',
        title: 'Digits not taught yet (transfer), and those of the first task in the end',
        categories: methods.map((how) => names[how]),
        valueAxis: { label: 'accuracy, percent', range: [0, 100] },
        series: [
          { name: 'not taught yet', values: methods.map((how) => mean(runs.map((r) => transfer(r[how])))) },
          { name: 'first task', values: methods.map((how) => mean(runs.map((r) => r[how].at(-1)![0]!))) },
        ],
      },
    ],
    checks: [
      check('Weight ensemble − plain fine-tuning', gain('ensemble'), {
        expected: { atLeast: 4 },
        band: [-8, 40],
        unit: 'points',
      }),
      check('Distillation on reference − plain fine-tuning', gain('distillation'), {
        expected: { atLeast: 8 },
        band: [0, 50],
        unit: 'points',
      }),
      check('ZSCL − plain fine-tuning', gain('ZSCL'), {
        expected: { atLeast: 8 },
        band: [0, 50],
        unit: 'points',
      }),
      check(
        'ZSCL − before',
        last('ZSCL').map((value, i) => value - first.of[i]!),
        { expected: { atLeast: -2 }, band: [-8, 8], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [first, ...final]),
  };
}
