import {
  aggregateQuantiles,
  averageModels,
  calibrationCurve,
  medianModels,
  scoreQuantiles,
} from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { fanChart } from '../../src/fan-chart.js';

export const paper: Paper = {
  title: 'Flexible Model Aggregation for Quantile Regression',
  authors: 'Fakoor, Kim, Mueller, Smola, Tibshirani',
  venue: 'JMLR 2023',
  url: 'https://arxiv.org/abs/2103.00083',
};
export const claim =
  'Three models, none right everywhere: weights that look at x lose less than 0.95 of what global weights lose; a global weight per ' +
  'level beats one per model, which beats the average, which beats the best model.';

const LEVELS = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);
/** Standard normal quantiles of the levels above the median. */
const UPPER = [
  0.1256613, 0.2533471, 0.3853205, 0.5244005, 0.6744898, 0.8416212, 1.0364334, 1.2815516, 1.6448536,
];
const SCORES = [...UPPER.map((z) => -z).reverse(), 0, ...UPPER];

const wave = (v: number) => Math.sin(3 * v);
const noise = (v: number) => (v < 0 ? 0.3 : 1.5);
/** Quantiles of a Gaussian at every x. */
const gaussian = (x: readonly number[][], mean: (v: number) => number, deviation: (v: number) => number) =>
  x.map(([v]) => SCORES.map((z) => mean(v!) + deviation(v!) * z));
/** Three models, each right somewhere or nowhere. */
const modelsAt = (x: readonly number[][]) => [
  gaussian(x, wave, () => 0.3),
  gaussian(x, wave, () => 1.5),
  gaussian(
    x,
    (v) => v / 2,
    () => 1,
  ),
];

function drawRows(random: ReturnType<typeof generator>, rows: number) {
  const x = Array.from({ length: rows }, () => [2 * random.uniform() - 1]);
  return { x, y: x.map(([v]) => wave(v!) + noise(v!) * random.normal()), models: modelsAt(x) };
}

/** Where the fans are drawn, and the levels they show. */
const GRID = Array.from({ length: 81 }, (_, i) => [i / 40 - 1]);
const SHOWN = [0, 4, 9, 14, 18];

type Quantiles = Parameters<typeof scoreQuantiles>[1];
const rowsOf = (quantiles: Quantiles): ArrayLike<number>[] =>
  'data' in quantiles
    ? GRID.map((_, i) => Array.from(LEVELS, (__, k) => quantiles.data[i * LEVELS.length + k]!))
    : [...quantiles];

export async function run({ key, seeds, signal, onProgress, quick = false }: RunOptions): Promise<RunResult> {
  const losses: Record<string, number[]> = {};
  /** Share of outcomes below each quantile, added up over seeds. */
  const shares: Record<string, number[]> = {};
  const fans: Record<string, ArrayLike<number>[]> = {};
  for (const [s, seed] of seeds.entries()) {
    const own = foldIn(key, seed);
    const random = generator(own);
    const [train, test] = [drawRows(random, quick ? 200 : 2000), drawRows(random, 1000)];
    const note = (name: string, quantiles: Quantiles) => {
      (losses[name] ??= []).push(scoreQuantiles(test.y, quantiles, LEVELS).meanPinball);
      const sums = (shares[name] ??= LEVELS.map(() => 0));
      calibrationCurve(test.y, quantiles, LEVELS).observed.forEach((share, k) => (sums[k]! += share));
    };
    test.models.forEach((model, j) => note(`model ${'ABC'[j]}`, model));
    note('average', averageModels(test.models));
    note('median', medianModels(test.models));
    fans.average ??= rowsOf(averageModels(modelsAt(GRID)));
    // #region main
    for (const locality of ['global', 'local'] as const)
      for (const resolution of ['coarse', 'medium', 'fine'] as const) {
        const local = locality === 'local';
        const aggregator = await aggregateQuantiles({
          models: train.models, // predictions for rows the models did not see
          y: train.y,
          levels: LEVELS,
          ...(local && { x: train.x }),
          locality,
          resolution,
          hidden: [32, 32],
          batchSize: 64,
          learningRate: local ? 2e-3 : 2e-2,
          maxSteps: quick ? 20 : resolution === 'fine' ? 500 : 1200,
          key: foldIn(own, 'weights'),
          signal,
        });
        const quantiles = aggregator.predict(test.models, local ? test.x : undefined);
        note(`${locality} ${resolution}`, quantiles);
        fans[`${locality} ${resolution}`] ??= rowsOf(
          aggregator.predict(modelsAt(GRID), local ? GRID : undefined),
        );
      }
    // #endregion main
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const names = Object.keys(losses);
  const mean = (name: string) => losses[name]!.reduce((a, b) => a + b, 0) / seeds.length;
  const ratio = (a: string, b: string) => losses[a]!.map((loss, i) => loss / losses[b]![i]!);
  const best = ['model A', 'model B', 'model C'].reduce((a, b) => (mean(b) < mean(a) ? b : a));
  const grid = GRID.map(([v]) => v!);
  const truth = gaussian(GRID, wave, noise);
  const edge = (name: string, k: number) => ({
    name,
    x: grid,
    y: truth.map((row) => row[k]!),
    dashed: true,
    points: false,
  });
  const fan = (title: string, rows: readonly ArrayLike<number>[]) =>
    fanChart({
      title,
      xLabel: 'x',
      yLabel: 'y',
      x: grid,
      levels: SHOWN.map((k) => LEVELS[k]!),
      quantiles: rows.map((row) => SHOWN.map((k) => row[k]!)),
      others: [edge('true 0.05', SHOWN[0]!), edge('true 0.95', SHOWN[4]!)],
      range: [-4, 4],
    });
  const calibrated = (name: string) => ({
    name,
    x: LEVELS,
    y: shares[name]!.map((sum) => sum / seeds.length),
    points: false,
  });
  return {
    charts: [
      fan('Average of the models', fans.average!),
      fan('Weights that look at x (local fine)', fans['local fine']!),
      {
        type: 'line',
        title: 'Calibration',
        xAxis: { label: 'level', range: [0, 1] },
        yAxis: { label: 'outcomes below the quantile', range: [0, 1] },
        series: [
          { name: 'calibrated', x: LEVELS, y: LEVELS, dashed: true, points: false },
          ...['average', 'global fine', 'local fine'].map(calibrated),
        ],
      },
      {
        type: 'bar',
        title: 'Mean pinball loss on new rows',
        categoryLabel: 'Method',
        valueAxis: { label: 'pinball loss' },
        horizontal: true,
        categories: names,
        series: [{ name: 'pinball loss', values: names.map(mean) }],
      },
    ],
    checks: [
      check('Local coarse / global coarse', ratio('local coarse', 'global coarse'), {
        expected: { atMost: 0.95 },
        band: [0.8, 1],
      }),
      check('Local medium / local coarse', ratio('local medium', 'local coarse'), {
        expected: { atMost: 1.02 },
        band: [0.9, 1.1],
      }),
      check('Global medium / global coarse', ratio('global medium', 'global coarse'), {
        expected: { atMost: 1 },
        band: [0.9, 1.02],
      }),
      check('Global coarse / average', ratio('global coarse', 'average'), {
        expected: { atMost: 1 },
        band: [0.9, 1.02],
      }),
      check('Average / best model', ratio('average', best), { expected: { atMost: 1 }, band: [0.85, 1.1] }),
    ],
    backend: backendReport().name,
    table: { columns: ['Method', 'Mean pinball loss'], rows: names.map((name) => [name, mean(name)]) },
  };
}
