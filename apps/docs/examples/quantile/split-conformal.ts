import { type Intervals, splitConformal } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Distribution-Free Predictive Inference for Regression',
  authors: 'Lei, G’Sell, Rinaldo, Tibshirani, Wasserman',
  venue: 'JASA 2018',
  url: 'https://arxiv.org/abs/1604.04173',
};
export const claim =
  'Around a deliberately wrong model, split conformal intervals from 99 calibration rows cover 0.9; dividing residuals ' +
  'by their spread in training rows nearby covers 0.9 too, and the worst tenth of x at least 0.05 better.';

const ALPHA = 0.1;
const TRAINING = 300;
const CALIBRATION = 99;
const TEST = 500;
const DRAWS = 200;
const BINS = 10;

type Random = ReturnType<typeof generator>;

const drawRows = (count: number, random: Random) =>
  Array.from({ length: count }, () => {
    const x = random.uniform();
    return { x, y: Math.sin(6 * x) + (0.1 + 1.5 * x) * random.normal() };
  });
/** A line where the truth is a wave. */
const model = (x: number) => 0.8 - 1.2 * x;

/** How large residuals are in the tenth of x around a row, from training rows. */
function fitSpread(rows: readonly { x: number; y: number }[]): (x: number) => number {
  const sums = Array.from({ length: BINS }, () => ({ total: 1e-3, count: 1e-3 }));
  for (const { x, y } of rows) {
    const bin = sums[Math.floor(BINS * x)]!;
    bin.total += Math.abs(y - model(x));
    bin.count++;
  }
  return (x) => sums[Math.floor(BINS * x)]!.total / sums[Math.floor(BINS * x)]!.count;
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const NAMES = ['plain', 'locally weighted'];
  /** `[method][seed][tenth of x]`: covered and all rows. */
  const counts = NAMES.map(() =>
    seeds.map(() => Array.from({ length: BINS }, () => [0, 0] as [number, number])),
  );
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    for (let r = 0; r < DRAWS; r++) {
      const spread = fitSpread(drawRows(TRAINING, random));
      const rows = drawRows(CALIBRATION, random);
      const fresh = drawRows(TEST, random);
      // #region main
      const calibration = {
        predictions: rows.map(({ x }) => model(x)),
        y: rows.map(({ y }) => y),
        alpha: ALPHA,
      };
      const centre = fresh.map(({ x }) => model(x));
      const plain = splitConformal(calibration).intervals(centre);
      const weighted = splitConformal({ ...calibration, scales: rows.map(({ x }) => spread(x)) }).intervals(
        centre,
        {
          scales: fresh.map(({ x }) => spread(x)),
        },
      );
      // #endregion main
      [plain, weighted].forEach(({ lower, upper }: Intervals, m) =>
        fresh.forEach(({ x, y }, i) => {
          const count = counts[m]![s]![Math.floor(BINS * x)]!;
          count[0] += lower[i]! <= y && y <= upper[i]! ? 1 : 0;
          count[1]++;
        }),
      );
    }
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const bins = (m: number, s: number) => counts[m]![s]!.map(([hits, all]) => hits / all);
  const overall = (m: number) =>
    counts[m]!.map(
      (list) => list.reduce((sum, [hits]) => sum + hits, 0) / list.reduce((sum, [, all]) => sum + all, 0),
    );
  const worst = (m: number) => seeds.map((_, s) => Math.min(...bins(m, s)));
  const tenths = Array.from({ length: BINS }, (_, b) => (b + 0.5) / BINS);
  return {
    charts: [
      {
        type: 'line',
        title: 'Coverage over x',
        xAxis: { label: 'x' },
        yAxis: { label: 'coverage', range: [0.6, 1] },
        series: [
          ...NAMES.map((name, m) => ({
            name,
            x: tenths,
            y: tenths.map((_, b) => average(seeds.map((__, s) => bins(m, s)[b]!))),
          })),
          { name: 'asked', x: tenths, y: tenths.map(() => 1 - ALPHA), dashed: true },
        ],
      },
    ],
    checks: [
      ...NAMES.map((name, m) =>
        check(`${name}: coverage`, overall(m), {
          expected: { atLeast: 0.89, atMost: 0.91 },
          band: [0.87, 0.93],
        }),
      ),
      check(
        'Worst tenth: locally weighted − plain',
        worst(1).map((value, s) => value - worst(0)[s]!),
        { expected: { atLeast: 0.05 }, band: [-0.1, 0.4] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Intervals', 'Coverage', 'Worst tenth of x'],
      rows: NAMES.map((name, m) => [name, average(overall(m)), average(worst(m))]),
    },
  };
}
