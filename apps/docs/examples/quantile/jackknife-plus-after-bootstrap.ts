import { jackknifePlus, jackknifePlusAfterBootstrap, weightedLeastSquares } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Predictive inference is free with the jackknife+-after-bootstrap',
  authors: 'Kim, Xu, Barber',
  venue: 'NeurIPS 2020',
  url: 'https://arxiv.org/abs/2002.09025',
};
export const claim =
  'With 100 rows and 10 features, 20 bootstrap fits give intervals that cover about 0.9 and are at most a quarter wider than ' +
  'those of the jackknife+, which takes 100 fits.';

const ALPHA = 0.1;
const ROWS = 100;
const FEATURES = 10;
const MODELS = 20;
const TEST = 50;
const TRIALS = 30;
const NAMES = ['jackknife+', 'jackknife+-after-bootstrap'];

type Random = ReturnType<typeof generator>;

function drawRows(count: number, slopes: readonly number[], random: Random) {
  const x = Array.from({ length: count }, () => slopes.map(() => random.normal()));
  return { x, y: x.map((row) => row.reduce((sum, value, j) => sum + value * slopes[j]!, random.normal())) };
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const coverage = NAMES.map(() => [] as number[]);
  const widths = NAMES.map(() => [] as number[]);
  const fits = NAMES.map(() => 0);
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const hits = NAMES.map(() => 0);
    const width = NAMES.map(() => 0);
    for (let r = 0; r < TRIALS; r++) {
      const slopes = Array.from({ length: FEATURES }, () => random.normal());
      const data = drawRows(ROWS, slopes, random);
      const fresh = drawRows(TEST, slopes, random);
      const fitter = (m: number) => (x: readonly number[][], y: ArrayLike<number>) => {
        fits[m]!++;
        const b = weightedLeastSquares({ features: x, y });
        return (rows: readonly number[][]) =>
          rows.map((row) => row.reduce((sum, value, j) => sum + value * b[j]!, 0));
      };
      // #region main
      const every = await jackknifePlus({ ...data, fit: fitter(0), alpha: ALPHA });
      const bootstrap = await jackknifePlusAfterBootstrap({
        ...data,
        fit: fitter(1),
        models: MODELS,
        key: foldIn(foldIn(key, seed), r),
        alpha: ALPHA,
      });
      const bands = [await every.intervals(fresh.x), await bootstrap.intervals(fresh.x)];
      // #endregion main
      bands.forEach(({ lower, upper }, m) =>
        fresh.y.forEach((value, i) => {
          hits[m]! += lower[i]! <= value && value <= upper[i]! ? 1 : 0;
          width[m]! += upper[i]! - lower[i]!;
        }),
      );
      onProgress?.({
        done: s * TRIALS + r + 1,
        total: seeds.length * TRIALS,
        label: `Seed ${seed}, trial ${r + 1}`,
      });
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    hits.forEach((count, m) => {
      coverage[m]!.push(count / (TRIALS * TEST));
      widths[m]!.push(width[m]! / (TRIALS * TEST));
    });
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    charts: [
      {
        type: 'bar',
        title: 'Coverage of new rows',
        categories: NAMES,
        valueAxis: { label: 'coverage, 0.9 asked', range: [0, 1] },
        series: [{ name: 'mean over seeds', values: coverage.map(average) }],
      },
      {
        type: 'bar',
        title: 'Models fitted per interval set',
        categories: NAMES,
        valueAxis: { label: 'fits' },
        series: [{ name: 'fits', values: fits.map((count) => count / (TRIALS * seeds.length)) }],
      },
    ],
    checks: [
      check('Jackknife+-after-bootstrap: coverage', coverage[1]!, {
        expected: { atLeast: 0.88, atMost: 0.95 },
        band: [0.8, 1],
      }),
      check(
        'Width divided by that of the jackknife+',
        widths[1]!.map((value, i) => value / widths[0]![i]!),
        { expected: { atMost: 1.25 }, band: [0.7, 2] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Method', 'Fits', 'Coverage', 'Mean width'],
      rows: NAMES.map((name, m) => [
        name,
        fits[m]! / (TRIALS * seeds.length),
        average(coverage[m]!),
        average(widths[m]!),
      ]),
    },
  };
}
