import { dareLinear, dareTies, della, dellaLinear } from '@weightloom/merging';
import { mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { ofClasses, percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling',
  authors: 'Deep, Bhardwaj and Poria',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2406.11617',
};

export const claim =
  'The change of one fine-tune is thinned out at random. When a tenth of it is kept, keeping large changes more often than small ones ' +
  '(DELLA) leaves at least 2 points more accuracy than keeping all equally often (DARE). Merges of three fine-tunes with both are shown ' +
  'as measured.';

const DENSITIES = [0.05, 0.1, 0.2, 0.4];
const DRAWS = 4;
const GROUPS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
];

const model = mlp({ sizes: [64, 64, 64, 10] });

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, validation, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 150), epochs: 20, key: foldIn(key, 'base') });
  const lesson = rowsOf(pool, 150, 900);
  const tuned = await train({ ...common, params: base, data: lesson, epochs: 20, key: foldIn(key, 'tuned') });
  const experts: StateDict[] = [];
  for (const [i, classes] of GROUPS.entries()) {
    const data = await ofClasses(lesson, classes);
    experts.push(await train({ ...common, params: base, data, epochs: 5, key: foldIn(key, `expert ${i}`) }));
    dispose(data);
  }
  await step('fine-tunes');

  /** Mean accuracy over several draws. */
  const right = async (merge: (draw: number) => Promise<StateDict>): Promise<number> => {
    const percents: number[] = [];
    for (let draw = 0; draw < DRAWS; draw++) {
      const merged = await merge(draw);
      percents.push(await percentRight(model, merged, test));
      dispose(merged);
    }
    return mean(percents);
  };
  const rows = [];
  for (const density of DENSITIES) {
    // #region main
    // Probabilities from nearly 0 for the smallest change of a row to nearly twice the density for the largest.
    const epsilon = 0.95 * Math.min(density, 1 - density);
    const settings = (draw: number) => ({ density, key: foldIn(key, `draw ${draw}`) });
    const one = {
      dare: await right((draw) => dareLinear(base, [tuned], settings(draw))),
      della: await right((draw) => dellaLinear(base, [tuned], { ...settings(draw), epsilon })),
    };
    const three = {
      dare: await right((draw) => dareTies(base, experts, { ...settings(draw), normalize: true })),
      della: await right((draw) => della(base, experts, { ...settings(draw), epsilon })),
    };
    // #endregion main
    rows.push({ density, one, three });
    await step(`density ${density}`);
  }
  const whole = {
    base: await percentRight(model, base, test),
    tuned: await percentRight(model, tuned, test),
  };
  dispose([pool, validation, test, base, lesson, tuned, experts]);
  return { rows, ...whole };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + DENSITIES.length, repetition);
  const of = (what: 'one' | 'three', name: 'dare' | 'della', d: number): number[] =>
    runs.map((r) => r.rows[d]![what][name]);
  const chart = (title: string, what: 'one' | 'three') => ({
    type: 'line' as const,
    title,
    xAxis: { label: 'share of the change that is kept', scale: 'log' as const },
    yAxis: { label: 'accuracy on test digits, percent' },
    series: (['della', 'dare'] as const).map((name) => ({
      name: name.toUpperCase(),
      x: DENSITIES,
      y: DENSITIES.map((_, d) => mean(of(what, name, d))),
      dashed: name === 'dare',
    })),
  });
  const gain = (d: number): number[] => of('one', 'della', d).map((x, i) => x - of('one', 'dare', d)[i]!);
  return {
    charts: [
      chart('One fine-tune, thinned out', 'one'),
      chart('Three fine-tunes, thinned out and merged', 'three'),
    ],
    checks: [
      check('DELLA − DARE, one fine-tune, density 0.1', gain(1), {
        expected: { atLeast: 2 },
        band: [-8, 50],
        unit: 'points',
      }),
      check('DELLA − DARE, one fine-tune, density 0.2', gain(2), {
        expected: { atLeast: 0.5 },
        band: [-8, 40],
        unit: 'points',
      }),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      { name: 'base', of: runs.map((r) => r.base) },
      { name: 'fine-tune', of: runs.map((r) => r.tuned) },
      ...DENSITIES.flatMap((density, d) =>
        (['dare', 'della'] as const).map((name) => ({
          name: `${name.toUpperCase()}, ${density}`,
          of: of('one', name, d),
        })),
      ),
    ]),
  };
}
