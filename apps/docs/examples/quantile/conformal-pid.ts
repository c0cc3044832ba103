import { conformalPid } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Conformal PID Control for Time Series Prediction',
  authors: 'Angelopoulos, Candès, Tibshirani',
  venue: 'NeurIPS 2023',
  url: 'https://arxiv.org/abs/2307.16895',
};
export const claim =
  'On scores that drift upwards faster than quantile tracking follows, tracking alone covers less than 0.8; with the ' +
  'saturated integral of the misses it covers between 0.88 and 0.92.';

const ALPHA = 0.1;
const STEPS = 3000;
const STRETCH = 200;
const NAMES = ['quantile tracking', 'with integrator'];

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  /** `[method][seed][stretch]` */
  const coverage = NAMES.map(() => [] as number[][]);
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const hits = NAMES.map(() => new Array<number>(STEPS / STRETCH).fill(0));
    // #region main
    const tracking = { alpha: ALPHA, learningRate: 0.02 };
    const methods = [
      conformalPid(tracking),
      conformalPid({ ...tracking, integralGain: 10, saturation: 0.1 }),
    ];
    for (let t = 0; t < STEPS; t++) {
      const score = (1 + t / 500) * Math.abs(random.normal());
      methods.forEach((method, m) => {
        if (!method.update(score)) hits[m]![Math.floor(t / STRETCH)]!++;
      });
    }
    // #endregion main
    hits.forEach((list, m) => coverage[m]!.push(list.map((count) => count / STRETCH)));
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const whole = (m: number) => coverage[m]!.map(average);
  const ends = Array.from({ length: STEPS / STRETCH }, (_, w) => (w + 1) * STRETCH);
  return {
    charts: [
      {
        type: 'line',
        title: `Coverage of the last ${STRETCH} steps`,
        xAxis: { label: 'step' },
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
      check('Quantile tracking: coverage', whole(0), { expected: { atMost: 0.8 }, band: [0.4, 0.95] }),
      check('With integrator: coverage', whole(1), {
        expected: { atLeast: 0.88, atMost: 0.92 },
        band: [0.8, 0.97],
      }),
    ],
    backend: backendReport().name,
    table: { columns: ['Method', 'Coverage'], rows: NAMES.map((name, m) => [name, average(whole(m))]) },
  };
}
