import { enbPi } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Conformal prediction interval for dynamic time-series',
  authors: 'Xu, Xie',
  venue: 'ICML 2021',
  url: 'https://arxiv.org/abs/2010.09107',
};
export const claim =
  'On an autoregressive series whose noise slowly grows to twice its size, the coverage of EnbPI stays within 0.05 of the 0.9 ' +
  'asked by sliding its window of residuals, without refitting; with the window left as it was it falls below 0.8.';

const ALPHA = 0.1;
const TRAIN = 200;
const TEST = 2000;
const STRETCH = 100;

/** One coefficient by least squares: the next value from the last. */
function fit(x: readonly number[], y: ArrayLike<number>): (rows: readonly number[]) => number[] {
  const slope =
    x.reduce((sum, value, i) => sum + value * y[i]!, 0) / x.reduce((sum, value) => sum + value * value, 0);
  return (rows) => rows.map((value) => slope * value);
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const NAMES = ['window left as it was', 'sliding window'];
  /** `[method][seed][stretch]` */
  const coverage = NAMES.map(() => [] as number[][]);
  for (const [s, seed] of seeds.entries()) {
    const root = foldIn(key, seed);
    const random = generator(foldIn(root, 'series'));
    const series = [random.normal()];
    for (let t = 0; t < TRAIN + TEST; t++) {
      const scale = 1 + Math.max(0, (t - TRAIN) / TEST);
      series.push(0.7 * series[t]! + scale * random.normal());
    }
    const hits = NAMES.map(() => new Array<number>(TEST / STRETCH).fill(0));
    // #region main
    const training = { x: series.slice(0, TRAIN), y: series.slice(1, TRAIN + 1), fit, alpha: ALPHA };
    const fitted = await enbPi({ ...training, key: foldIn(root, 'bootstrap') });
    const unchanged = await enbPi({ ...training, key: foldIn(root, 'bootstrap') });
    for (let t = TRAIN; t < TRAIN + TEST; t++) {
      const bands = [await unchanged.intervals([series[t]!]), await fitted.intervals([series[t]!])];
      const next = series[t + 1]!;
      bands.forEach(({ lower, upper }, m) => {
        if (lower[0]! <= next && next <= upper[0]!) hits[m]![Math.floor((t - TRAIN) / STRETCH)]!++;
      });
      await fitted.update([series[t]!], [next]);
    }
    // #endregion main
    hits.forEach((list, m) => coverage[m]!.push(list.map((count) => count / STRETCH)));
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const whole = (m: number) => coverage[m]!.map(average);
  const ends = Array.from({ length: TEST / STRETCH }, (_, w) => (w + 1) * STRETCH);
  return {
    charts: [
      {
        type: 'line',
        title: `Coverage of the last ${STRETCH} steps`,
        xAxis: { label: 'step after training' },
        yAxis: { label: 'coverage', range: [0, 1] },
        series: [
          ...NAMES.map((name, m) => ({
            name,
            x: ends,
            y: ends.map((_, w) => average(coverage[m]!.map((list) => list[w]!))),
          })),
          { name: 'asked', x: ends, y: ends.map(() => 1 - ALPHA), dashed: true },
        ],
      },
    ],
    checks: [
      check('Sliding window: coverage', whole(1), {
        expected: { atLeast: 0.85, atMost: 0.95 },
        band: [0.8, 0.97],
      }),
      check('Window left as it was: coverage', whole(0), { expected: { atMost: 0.8 }, band: [0.4, 0.95] }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['EnbPI', 'Coverage', 'Coverage of the last 100 steps'],
      rows: NAMES.map((name, m) => [
        name,
        average(whole(m)),
        average(coverage[m]!.map((list) => list.at(-1)!)),
      ]),
    },
  };
}
