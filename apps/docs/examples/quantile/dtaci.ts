import { adaptiveConformal, dtAci } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Conformal Inference for Online Prediction with Arbitrary Distribution Shifts',
  authors: 'Gibbs, Candès',
  venue: 'JMLR 2024',
  url: 'https://arxiv.org/abs/2208.08401',
};
export const claim =
  'On scores whose scale wanders, DtACI covers 0.9 with no step size to choose: the coverage of every 200 steps strays less ' +
  'than with a step size of adaptive conformal inference that is too small, and fewer intervals are infinite or empty than ' +
  'with one that is too large.';

const ALPHA = 0.1;
const STEPS = 6000;
const STRETCH = 200;
const WINDOW = 500;
const GAMMAS = [0.001, 0.004, 0.016, 0.064];

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const names = [...GAMMAS.map((gamma) => `ACI, step ${gamma}`), 'DtACI'];
  /** `[method][seed]`: mean distance of the coverage of a stretch from 0.9. */
  const stray = names.map(() => [] as number[]);
  /** `[method][seed]`: share of thresholds that were infinite. */
  const useless = names.map(() => [] as number[]);
  const overall: number[] = [];
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const scores = Array.from({ length: WINDOW }, () => Math.abs(random.normal()));
    // #region main
    const methods = [
      ...GAMMAS.map((gamma) => adaptiveConformal({ alpha: ALPHA, gamma, scores, window: WINDOW })),
      dtAci({ alpha: ALPHA, gammas: GAMMAS, interval: STRETCH, scores, window: WINDOW }),
    ];
    const missed = methods.map(() => [] as number[]);
    const infinite = methods.map(() => 0);
    let logScale = 0;
    for (let t = 0; t < STEPS; t++) {
      logScale = 0.999 * logScale + 0.03 * random.normal();
      const score = Math.exp(logScale) * Math.abs(random.normal());
      methods.forEach((method, m) => {
        if (!Number.isFinite(method.threshold().value)) infinite[m]!++;
        missed[m]!.push(method.update(score) ? 1 : 0);
      });
    }
    // #endregion main
    missed.forEach((list, m) => {
      let sum = 0;
      for (let start = 0; start < STEPS; start += STRETCH)
        sum += Math.abs(list.slice(start, start + STRETCH).reduce((a, b) => a + b, 0) / STRETCH - ALPHA);
      stray[m]!.push((sum * STRETCH) / STEPS);
      useless[m]!.push(infinite[m]! / STEPS);
    });
    overall.push(1 - missed.at(-1)!.reduce((a, b) => a + b, 0) / STEPS);
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const means = stray.map(average);
  const last = names.length - 1;
  const ratio = (values: readonly number[][], m: number) =>
    values[last]!.map((value, i) => value / values[m]![i]!);
  return {
    charts: [
      {
        type: 'bar',
        title: `How far the coverage of ${STRETCH} steps strays from 0.9`,
        categories: names,
        valueAxis: { label: 'mean absolute difference' },
        series: [{ name: 'mean over seeds', values: means }],
      },
      {
        type: 'bar',
        title: 'Share of infinite or empty intervals',
        categories: names,
        valueAxis: { label: 'share' },
        series: [{ name: 'mean over seeds', values: useless.map(average) }],
      },
    ],
    checks: [
      check('DtACI: coverage', overall, { expected: { atLeast: 0.89, atMost: 0.91 }, band: [0.85, 0.95] }),
      check('Straying: DtACI / ACI with the smallest step', ratio(stray, 0), {
        expected: { atMost: 0.9 },
        band: [0.1, 2],
      }),
      check('Infinite or empty: DtACI / ACI with the largest step', ratio(useless, last - 1), {
        expected: { atMost: 0.9 },
        band: [0, 2],
      }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Method', 'Mean distance from 0.9', 'Share of infinite or empty intervals'],
      rows: names.map((name, m) => [name, means[m]!, average(useless[m]!)]),
    },
  };
}
