import { adaptiveConformal, conformalQuantile, dtAci } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Adaptive Conformal Inference Under Distribution Shift',
  authors: 'Gibbs, Candès',
  venue: 'NeurIPS 2021',
  url: 'https://arxiv.org/abs/2106.00170',
};
export const claim =
  'When the scale of the errors triples after 1000 of 4000 steps, adaptive conformal inference covers 0.9 of the last ' +
  '1000 steps, while a fixed threshold covers less than 0.6 of them.';

const ALPHA = 0.1;
const STEPS = 4000;
const SHIFT = 1000;
const WINDOW = 250;
const METHODS = ['fixed threshold', 'ACI', 'DtACI, sliding window'];

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  /** `[method][seed][step]`: 1 where the score was covered. */
  const covered = METHODS.map(() => [] as number[][]);
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const scores = Array.from({ length: 1000 }, () => Math.abs(random.normal()));
    // #region main
    const fixed = conformalQuantile(scores, ALPHA).value;
    const adaptive = adaptiveConformal({ alpha: ALPHA, gamma: 0.01, scores });
    const tuned = dtAci({ alpha: ALPHA, scores, window: 1000 });
    const hits = METHODS.map(() => [] as number[]);
    for (let t = 0; t < STEPS; t++) {
      const score = Math.abs(random.normal()) * (t < SHIFT ? 1 : 3);
      hits[0]!.push(score <= fixed ? 1 : 0);
      hits[1]!.push(adaptive.update(score) ? 0 : 1);
      hits[2]!.push(tuned.update(score) ? 0 : 1);
    }
    // #endregion main
    hits.forEach((list, m) => covered[m]!.push(list));
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const lastThousand = (m: number) => covered[m]!.map((hits) => average(hits.slice(-1000)));
  const ends = Array.from({ length: STEPS / WINDOW }, (_, w) => (w + 1) * WINDOW);
  const local = (m: number) =>
    ends.map((end) => average(covered[m]!.map((hits) => average(hits.slice(end - WINDOW, end)))));
  return {
    charts: [
      {
        type: 'line',
        title: `Coverage of the last ${WINDOW} steps`,
        xAxis: { label: 'step' },
        yAxis: { label: 'coverage', range: [0, 1] },
        series: [
          ...METHODS.map((name, m) => ({ name, x: ends, y: local(m) })),
          { name: 'asked', x: ends, y: ends.map(() => 1 - ALPHA), dashed: true },
        ],
      },
    ],
    checks: [
      check('ACI: coverage of the last 1000 steps', lastThousand(1), {
        expected: { atLeast: 0.88, atMost: 0.92 },
        band: [0.85, 0.95],
      }),
      check('Fixed threshold: coverage of the last 1000 steps', lastThousand(0), {
        expected: { atMost: 0.6 },
        band: [0.2, 0.7],
      }),
      check('DtACI, sliding window: coverage of the last 1000 steps', lastThousand(2), {
        expected: { atLeast: 0.88, atMost: 0.92 },
        band: [0.85, 0.95],
      }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Method', 'Coverage of the last 1000 steps'],
      rows: METHODS.map((name, m) => [name, average(lastThousand(m))]),
    },
  };
}
