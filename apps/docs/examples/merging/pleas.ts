import { interpolate, pleas } from '@weightloom/merging';
import { mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn, normal } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, deviation, mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'PLeaS: Merging Models with Permutations and Least Squares',
  authors: 'Nasery et al.',
  venue: 'CVPR 2025',
  url: 'https://arxiv.org/abs/2407.02447',
};

export const claim =
  'Two networks trained from different starts, on halves of the data or on different classes. On halves, permuting one ' +
  'before averaging gains at least 5 points over averaging as it is, and solving each layer by least squares afterwards loses ' +
  'nothing. On different classes, least squares gains at least 15 points over permuting. Units may also stay apart: accuracy ' +
  'does not fall by more than 2 points as the network widens, and with all apart it is the mean of the two.';

const RATIOS = [0, 0.25, 0.5, 0.75, 1];
const model = mlp({ sizes: [64, 64, 64, 10] });

/** Accuracies on test data, in percent, for one seed. */
async function once({ key, signal, quick, step }: Repetition) {
  const { train: data, test } = await splitDigits(key);
  const score = (params: StateDict): Promise<number> => percentRight(model, params, test);
  const fitted = async (part: typeof data, name: string): Promise<StateDict> => {
    const params = await train({ model, data: part, epochs: 40, key: foldIn(key, name), signal, quick });
    await step(`${name} trained`);
    return params;
  };
  const halves = [
    await fitted(rowsOf(data, 0, 550), 'first half'),
    await fitted(rowsOf(data, 550, 1100), 'second half'),
  ] as const;
  const classes = [
    await fitted(await ofClasses(data, [0, 1, 2, 3, 4]), 'classes 0 to 4'),
    await fitted(await ofClasses(data, [5, 6, 7, 8, 9]), 'classes 5 to 9'),
  ] as const;

  // #region main
  const { apply } = model;
  const merge = (pair: readonly [StateDict, StateDict], ratio: number, inputs = data.inputs) =>
    pleas(pair[0], pair[1], { apply, inputs, ratio, signal });
  // #endregion main

  const measure = async (pair: readonly [StateDict, StateDict]) => {
    const merged = await Promise.all(RATIOS.map((ratio) => merge(pair, ratio)));
    const free = await merge(pair, 0, normal(foldIn(key, 'noise'), [1100, 64], 0.3, 0.35));
    const result = {
      parents: mean([await score(pair[0]), await score(pair[1])]),
      naive: await score(interpolate(pair[0], pair[1], 0.5)),
      permuted: await score(merged[0]!.averaged),
      pleas: await score(merged[0]!.params),
      free: await score(free.params),
      byRatio: await Promise.all(merged.map(({ params }) => score(params))),
    };
    // With every unit apart, before least squares: the mean of the outputs, up to rounding.
    const outputs = await Promise.all(
      [merged.at(-1)!.averaged, ...pair].map((params) => apply(params, test.inputs).data()),
    );
    const gap = Math.max(
      ...Array.from(outputs[0]!, (value, i) => Math.abs(value - (outputs[1]![i]! + outputs[2]![i]!) / 2)),
    );
    dispose([merged.map(({ params, averaged }) => [params, averaged]), [free.params, free.averaged]]);
    return { ...result, gap };
  };
  const results = { halves: await measure(halves), classes: await measure(classes) };
  await step('merged');
  dispose([data, test, halves, classes]);
  return results;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 5, once);
  const measured = (which: 'halves' | 'classes') => [
    { name: 'parents, mean', of: runs.map((r) => r[which].parents) },
    { name: 'average', of: runs.map((r) => r[which].naive) },
    { name: 'permuted average', of: runs.map((r) => r[which].permuted) },
    { name: 'PLeaS', of: runs.map((r) => r[which].pleas) },
    { name: 'PLeaS-free, on noise', of: runs.map((r) => r[which].free) },
  ];
  const drops = runs.map((r) =>
    Math.max(
      ...[r.halves, r.classes].flatMap(({ byRatio }) =>
        byRatio.slice(1).map((value, i) => Math.max(...byRatio.slice(0, i + 1)) - value),
      ),
    ),
  );
  return {
    charts: [
      barsOf('Trained on halves of the data', 'accuracy on test data, percent', measured('halves')),
      barsOf('Trained on different classes', 'accuracy on test data, percent', measured('classes')),
      {
        type: 'line',
        title: 'Wider merges',
        xAxis: { label: 'part of the units that stay apart', range: [0, 1] },
        yAxis: { label: 'accuracy on test data, percent' },
        series: (['halves', 'classes'] as const).flatMap((which) => {
          const at = RATIOS.map((_, i) => runs.map((r) => r[which].byRatio[i]!));
          const parents = mean(runs.map((r) => r[which].parents));
          return [
            {
              name: `PLeaS, ${which}`,
              x: RATIOS,
              y: at.map(mean),
              band: {
                lower: at.map((of) => mean(of) - deviation(of)),
                upper: at.map((of) => mean(of) + deviation(of)),
              },
            },
            {
              name: `parents, ${which}`,
              x: RATIOS,
              y: RATIOS.map(() => parents),
              dashed: true,
              points: false,
            },
          ];
        }),
      },
    ],
    checks: [
      check(
        'Halves: permuted average − average',
        runs.map((r) => r.halves.permuted - r.halves.naive),
        { expected: { atLeast: 5 }, band: [-5, 60], unit: 'points' },
      ),
      check(
        'Halves: PLeaS − permuted average',
        runs.map((r) => r.halves.pleas - r.halves.permuted),
        { expected: { atLeast: 0 }, band: [-5, 20], unit: 'points' },
      ),
      check(
        'Classes: PLeaS − permuted average',
        runs.map((r) => r.classes.pleas - r.classes.permuted),
        { expected: { atLeast: 15 }, band: [0, 60], unit: 'points' },
      ),
      check('Largest drop as the network widens', drops, {
        expected: { atMost: 2 },
        band: [-20, 8],
        unit: 'points',
      }),
      check(
        'All apart: greatest distance from the mean of the outputs',
        runs.map((r) => Math.max(r.halves.gap, r.classes.gap)),
        { expected: { atMost: 1e-3 }, band: [0, 1e-3] },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      ...measured('halves').map(({ name, of }) => ({ name: `halves: ${name}`, of })),
      ...measured('classes').map(({ name, of }) => ({ name: `classes: ${name}`, of })),
    ]),
  };
}
