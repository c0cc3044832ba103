import { conformalQuantile, cvPlus, jackknifePlus, weightedLeastSquares } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Predictive inference with the jackknife+',
  authors: 'Barber, Candès, Ramdas, Tibshirani',
  venue: 'Annals of Statistics 2021',
  url: 'https://arxiv.org/abs/1905.02928',
};
export const claim =
  'Least squares with 40 features on 50 rows: intervals from training residuals cover less than half of new rows, ' +
  'jackknife+ and CV+ with 10 folds cover about 0.9, and never less than 0.8, which is their guarantee.';

const ALPHA = 0.1;
const ROWS = 50;
const FEATURES = 40;
const TEST = 50;
const TRIALS = 30;
const NAMES = ['training residuals', 'jackknife+', 'CV+'];

type Random = ReturnType<typeof generator>;

function drawRows(count: number, slopes: readonly number[], random: Random) {
  const x = Array.from({ length: count }, () => slopes.map(() => random.normal()));
  return { x, y: x.map((row) => row.reduce((sum, value, j) => sum + value * slopes[j]!, random.normal())) };
}

function fit(x: readonly number[][], y: ArrayLike<number>): (rows: readonly number[][]) => number[] {
  const slopes = weightedLeastSquares({ features: x, y });
  return (rows) => rows.map((row) => row.reduce((sum, value, j) => sum + value * slopes[j]!, 0));
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const coverage = NAMES.map(() => [] as number[]);
  const widths = NAMES.map(() => [] as number[]);
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const hits = NAMES.map(() => 0);
    const width = NAMES.map(() => 0);
    for (let r = 0; r < TRIALS; r++) {
      const slopes = Array.from({ length: FEATURES }, () => random.normal() / Math.sqrt(FEATURES));
      const { x, y } = drawRows(ROWS, slopes, random);
      const fresh = drawRows(TEST, slopes, random);
      // #region main
      const predict = fit(x, y);
      const residuals = predict(x).map((value, i) => Math.abs(y[i]! - value));
      const margin = conformalQuantile(residuals, ALPHA).value;
      const centre = predict(fresh.x);
      const naive = {
        lower: centre.map((value) => value - margin),
        upper: centre.map((value) => value + margin),
      };

      const jackknife = await jackknifePlus({ x, y, fit, alpha: ALPHA });
      const folds = await cvPlus({ x, y, fit, alpha: ALPHA, folds: 10, key: foldIn(foldIn(key, seed), r) });
      const bands = [naive, await jackknife.intervals(fresh.x), await folds.intervals(fresh.x)];
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
  const near = { expected: { atLeast: 0.88 }, band: [0.8, 1] } as const;
  return {
    charts: [
      {
        type: 'bar',
        title: 'Coverage of new rows',
        categories: NAMES,
        valueAxis: { label: 'coverage, 0.9 asked', range: [0, 1] },
        series: [{ name: 'mean over seeds', values: coverage.map(average) }],
      },
    ],
    checks: [
      check('Training residuals: coverage', coverage[0]!, { expected: { atMost: 0.5 }, band: [0, 0.8] }),
      check('Jackknife+: coverage', coverage[1]!, near),
      check('CV+: coverage', coverage[2]!, near),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Intervals', 'Coverage', 'Mean width'],
      rows: NAMES.map((name, m) => [name, average(coverage[m]!), average(widths[m]!)]),
    },
  };
}
