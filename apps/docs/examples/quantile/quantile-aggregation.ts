import { aggregateQuantiles, averageModels, medianModels, scoreQuantiles } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

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

function drawRows(random: ReturnType<typeof generator>, rows: number) {
  const x = Array.from({ length: rows }, () => [2 * random.uniform() - 1]);
  const y = x.map(([v]) => Math.sin(3 * v!) + (v! < 0 ? 0.3 : 1.5) * random.normal());
  const gaussian = (mean: (v: number) => number, deviation: number) =>
    x.map(([v]) => SCORES.map((z) => mean(v!) + deviation * z));
  const wave = (v: number) => Math.sin(3 * v);
  return { x, y, models: [gaussian(wave, 0.3), gaussian(wave, 1.5), gaussian((v) => v / 2, 1)] };
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const losses: Record<string, number[]> = {};
  for (const [s, seed] of seeds.entries()) {
    const own = foldIn(key, seed);
    const random = generator(own);
    const [train, test] = [drawRows(random, 2000), drawRows(random, 1000)];
    const note = (name: string, quantiles: Parameters<typeof scoreQuantiles>[1]) =>
      (losses[name] ??= []).push(scoreQuantiles(test.y, quantiles, LEVELS).meanPinball);
    test.models.forEach((model, j) => note(`model ${'ABC'[j]}`, model));
    note('average', averageModels(test.models));
    note('median', medianModels(test.models));
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
          batchSize: 128,
          learningRate: local ? 2e-3 : 2e-2,
          maxSteps: resolution === 'fine' ? 800 : 2000,
          key: foldIn(own, 'weights'),
          signal,
        });
        const quantiles = aggregator.predict(test.models, local ? test.x : undefined);
        note(`${locality} ${resolution}`, quantiles);
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
  return {
    charts: [
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
