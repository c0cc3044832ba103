import {
  logisticRegression,
  predictLogistic,
  predictOrdinal,
  prestoCv,
  proportionalOdds,
} from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Predicting Rare Events by Shrinking Towards Proportional Odds',
  authors: 'Faletto, Bien',
  venue: 'ICML 2023',
  url: 'https://arxiv.org/abs/2305.18700',
};
export const claim =
  'With 1000 rows, 4 ordered classes and about 1 % of them in the last, PRESTO estimates the probability of that rare ' +
  'class with a smaller mean squared error than proportional odds and than logistic regression.';

const ROWS = 1000;
const FEATURES = 10;
const DRAWS = 4;
const INTERCEPTS = [0, 3.5, 5.5];

type Random = ReturnType<typeof generator>;

/**
 * Rows of a cumulative-logit model whose slopes differ a little from cut to cut. Drawn again if its curves cross, or if
 * the rare class has too few rows for five folds.
 */
function drawData(random: Random): { x: number[][]; y: number[]; rare: number[] } {
  for (;;) {
    const first = Array.from({ length: FEATURES }, () => (random.uniform() < 0.5 ? 0.5 : 0));
    const slopes: number[][] = [first];
    for (let k = 1; k < INTERCEPTS.length; k++) {
      const step = () => (random.uniform() < 0.5 ? 0 : random.uniform() < 0.5 ? 0.5 : -0.5);
      slopes.push(slopes[k - 1]!.map((b) => b + step()));
    }
    const x = Array.from({ length: ROWS }, () =>
      Array.from({ length: FEATURES }, () => 2 * random.uniform() - 1),
    );
    const below = x.map((row) =>
      INTERCEPTS.map(
        (a, k) => 1 / (1 + Math.exp(-row.reduce((eta, value, j) => eta + value * slopes[k]![j]!, a))),
      ),
    );
    if (below.some((p) => p[1]! < p[0]! || p[2]! < p[1]!)) continue;
    const y = below.map((p) => {
      const u = random.uniform();
      return p.filter((share) => u > share).length;
    });
    if (y.filter((code) => code === INTERCEPTS.length).length < 5) continue;
    return { x, y, rare: below.map((p) => 1 - p[2]!) };
  }
}

/** Squared error of the probability of the rare class, in units of 1e-5. */
const error = (rare: readonly number[], estimate: ArrayLike<number>) =>
  (1e5 * rare.reduce((sum, p, i) => sum + (estimate[i]! - p) ** 2, 0)) / rare.length;

const NAMES = ['logistic', 'proportional odds', 'PRESTO'];

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  /** `[method][seed][draw]`. */
  const errors = NAMES.map(() => seeds.map(() => [] as number[]));
  for (const [s, seed] of seeds.entries())
    for (let r = 0; r < DRAWS; r++) {
      const root = foldIn(foldIn(key, seed), r);
      const { x, y, rare } = drawData(generator(foldIn(root, 'data')));
      // #region main
      const rareAlone = predictLogistic(logisticRegression({ x, y }), x);
      const oneSlope = predictOrdinal(proportionalOdds({ x, y }), x).probabilities;
      const { model } = prestoCv({ x, y, key: foldIn(root, 'folds') });
      const shrunk = predictOrdinal(model, x).probabilities;
      // #endregion main
      const last = ({ data, columns }: typeof shrunk) => rare.map((_, i) => data[(i + 1) * columns - 1]!);
      [rareAlone, last(oneSlope), last(shrunk)].forEach((p, m) => errors[m]![s]!.push(error(rare, p)));
      onProgress?.({
        done: s * DRAWS + r + 1,
        total: seeds.length * DRAWS,
        label: `Seed ${seed}, draw ${r + 1}`,
      });
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const perSeed = errors.map((seedErrors) => seedErrors.map(mean));
  const [logistic, proportional, presto] = errors as [number[][], number[][], number[][]];
  const draws = presto.flat().map((_, i) => i + 1);
  return {
    charts: [
      {
        type: 'bar',
        title: 'Squared error of the rare probability',
        categories: NAMES,
        valueAxis: { label: 'mean squared error, 1e-5' },
        series: [{ name: 'mean over draws', values: perSeed.map(mean) }],
      },
      {
        type: 'line',
        title: 'Error in each draw',
        xAxis: { label: 'draw' },
        yAxis: { label: 'mean squared error, 1e-5', scale: 'log' },
        series: NAMES.map((name, m) => ({ name, x: draws, y: errors[m]!.flat(), dashed: m < 2 })),
      },
    ],
    checks: [
      check(
        'Proportional odds − PRESTO, mean squared error',
        perSeed[1]!.map((value, i) => value - perSeed[2]![i]!),
        { unit: '1e-5', expected: { atLeast: 0 }, band: [-20, 20] },
      ),
      check(
        'Logistic − PRESTO, mean squared error',
        perSeed[0]!.map((value, i) => value - perSeed[2]![i]!),
        { unit: '1e-5', expected: { atLeast: 0 }, band: [-100, 300] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Method', 'Mean squared error (1e-5)', 'Draws where PRESTO is better'],
      rows: [
        ['logistic', mean(perSeed[0]!), wins(presto, logistic)],
        ['proportional odds', mean(perSeed[1]!), wins(presto, proportional)],
        ['PRESTO', mean(perSeed[2]!), ''],
      ],
    },
  };
}

/** In how many draws the first error is smaller. */
function wins(a: readonly number[][], b: readonly number[][]): string {
  const [first, second] = [a.flat(), b.flat()];
  return `${first.filter((value, i) => value < second[i]!).length} of ${first.length}`;
}
