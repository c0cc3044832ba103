import { type DesignMethod, designSampler, weightedLeastSquares } from '@weightloom/quantile';
import { backendReport, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title:
    'Weighted least-squares approximation with determinantal point processes and generalized volume sampling',
  authors: 'Nouy, Michel',
  venue: 'arXiv 2023',
  url: 'https://arxiv.org/abs/2312.14057',
};
export const claim =
  'Fitting 1/(1 + 25x²) by Legendre polynomials of degree 9 from 20 or 40 random points, the error that 95 % of the ' +
  'draws stay below falls from independent to optimal, to volume sampling, to repeated determinantal draws; volume ' +
  'sampling is unbiased.';

const GRID = 1001;
const SIZE = 10;
const METHODS: readonly DesignMethod[] = ['iid', 'optimal', 'volume', 'repeatedDpp'];
const NAMES = ['uniform', 'optimal density', 'volume', 'repeated DPP'];
const COUNTS = [20, 40];
const DRAWS = 300;

const points = Array.from({ length: GRID }, (_, c) => -1 + (2 * c) / (GRID - 1));
const target = points.map((x) => 1 / (1 + 25 * x * x));

/** Legendre polynomials of degree 0 to 9 times √(2j + 1): orthonormal for the uniform measure on [-1, 1]. */
const legendre = points.map((x) => {
  const p = [1, x];
  for (let j = 1; j + 1 < SIZE; j++) p.push(((2 * j + 1) * x * p[j]! - j * p[j - 1]!) / (j + 1));
  return p.map((value, j) => Math.sqrt(2 * j + 1) * value);
});

/** The best coefficients on the grid, and the mean squared error they leave. */
const truth = weightedLeastSquares({ features: legendre, y: target });
const best =
  legendre.reduce((sum, p, i) => sum + (target[i]! - p.reduce((f, v, j) => f + v * truth[j]!, 0)) ** 2, 0) /
  GRID;
const gram = legendre[0]!.map((_, a) =>
  legendre[0]!.map((__, b) => legendre.reduce((sum, p) => sum + p[a]! * p[b]!, 0) / GRID),
);

/** Mean squared error over the grid divided by the best: what is left at the best is orthogonal to the rest. */
const errorRatio = (c: ArrayLike<number>) => {
  const off = Array.from(truth, (value, j) => c[j]! - value);
  return (
    1 + off.reduce((sum, u, a) => sum + off.reduce((part, v, b) => part + u * v * gram[a]![b]!, 0), 0) / best
  );
};

const quantile95 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const draw = designSampler({ features: legendre });
  /** `[count][method][seed]`: the 95 % quantile of error / best. */
  const tails = COUNTS.map(() => METHODS.map(() => [] as number[]));
  const stable = COUNTS.map(() => METHODS.map(() => [] as number[]));
  const bias: number[] = [];
  const steps = COUNTS.length * METHODS.length + 1;
  let done = 0;
  const pause = async (label: string) => {
    onProgress?.({ done: ++done, total: steps * seeds.length, label });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  };
  for (const seed of seeds) {
    const root = foldIn(key, seed);
    for (const [n, count] of COUNTS.entries())
      for (const [m, method] of METHODS.entries()) {
        const ratios: number[] = [];
        let good = 0;
        for (let r = 0; r < DRAWS; r++) {
          // #region main
          const design = draw({ count, method, key: foldIn(foldIn(root, `${method} ${count}`), r) });
          const coefficients = weightedLeastSquares({
            features: Array.from(design.indices, (c) => legendre[c]!),
            y: Array.from(design.indices, (c) => target[c]!),
            weights: design.weights,
          });
          // #endregion main
          ratios.push(errorRatio(coefficients));
          if (design.smallestEigenvalue > 0.5) good++;
        }
        tails[n]![m]!.push(quantile95(ratios));
        stable[n]![m]!.push(good / DRAWS);
        await pause(`${count} points, ${NAMES[m]}`);
      }
    const mean = new Float64Array(SIZE);
    for (let r = 0; r < 4000; r++) {
      const { indices, weights } = draw({
        count: 12,
        method: 'volume',
        key: foldIn(foldIn(root, 'bias'), r),
      });
      const c = weightedLeastSquares({
        features: Array.from(indices, (i) => legendre[i]!),
        y: Array.from(indices, (i) => target[i]!),
        weights,
      });
      c.forEach((value, j) => (mean[j]! += value / 4000));
    }
    bias.push(Math.hypot(...mean.map((value, j) => value - truth[j]!)) / Math.hypot(...truth));
    await pause('bias of volume sampling');
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const falls = (n: number, worse: number, better: number) =>
    check(
      `${COUNTS[n]} points: ${NAMES[worse]} / ${NAMES[better]}`,
      tails[n]![worse]!.map((value, i) => Math.log10(value / tails[n]![better]![i]!)),
      { unit: 'log10', expected: { atLeast: 0 }, band: [-3, 20] },
    );
  return {
    charts: COUNTS.map((count, n) => ({
      type: 'bar' as const,
      title: `Error that 95 % of the draws stay below, ${count} points`,
      categories: NAMES,
      valueAxis: { label: 'log10 of error / best possible' },
      series: [{ name: 'mean over seeds', values: tails[n]!.map((perSeed) => Math.log10(mean(perSeed))) }],
    })),
    checks: [
      ...COUNTS.flatMap((_, n) => [falls(n, 0, 1), falls(n, 1, 2), falls(n, 2, 3)]),
      check('Bias of volume sampling, 12 points', bias, { expected: { atMost: 0.02 }, band: [0, 0.2] }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Points', 'Method', '95 % of error / best', 'Share with λ_min > 1/2'],
      rows: COUNTS.flatMap((count, n) =>
        METHODS.map((_, m) => [count, NAMES[m]!, mean(tails[n]![m]!), mean(stable[n]![m]!)]),
      ),
    },
  };
}
