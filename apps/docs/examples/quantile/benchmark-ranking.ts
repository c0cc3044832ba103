import { bordaRanking, kendallTau, meanRanking } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'What are the best systems? New perspectives on NLP Benchmarking',
  authors: 'Colombo, Noiry, Irurozki, Clémençon',
  venue: 'NeurIPS 2022',
  url: 'https://arxiv.org/abs/2202.03799',
};
export const claim =
  'Ten systems on 20 noisy tasks: multiplying the scores of one task by 100 spoils the ranking by mean scores ' +
  '(Kendall’s tau to the truth falls by more than 0.2) and leaves the Borda ranking as it was.';

const SYSTEMS = 10;
const TASKS = 20;
const NOISE = 3;
const REPETITIONS = 300;
const SCALES = [1, 10, 100];

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const truth = Array.from({ length: SYSTEMS }, (_, s) => s);
  /** `[scale][seed]`: mean tau over the repetitions. */
  const mean = SCALES.map(() => [] as number[]);
  const borda = SCALES.map(() => [] as number[]);
  for (const [i, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const totals = SCALES.map(() => ({ mean: 0, borda: 0 }));
    for (let r = 0; r < REPETITIONS; r++) {
      const scores = Array.from({ length: TASKS }, () =>
        truth.map((quality) => quality + NOISE * random.normal()),
      );
      SCALES.forEach((scale, k) => {
        // #region main
        const rescaled = [scores[0]!.map((score) => scale * score), ...scores.slice(1)];
        const byMean = meanRanking(rescaled);
        const byRank = bordaRanking(rescaled);
        totals[k]!.mean += kendallTau(byMean.scores, truth) / REPETITIONS;
        totals[k]!.borda += kendallTau(byRank.scores, truth) / REPETITIONS;
        // #endregion main
      });
    }
    totals.forEach((total, k) => {
      mean[k]!.push(total.mean);
      borda[k]!.push(total.borda);
    });
    onProgress?.({ done: i + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const drop = (taus: readonly number[][]) => taus[0]!.map((value, i) => value - taus.at(-1)![i]!);
  return {
    charts: [
      {
        type: 'bar',
        title: 'Agreement with the true order',
        categories: SCALES.map((scale) => `× ${scale}`),
        categoryLabel: 'scale of one task',
        valueAxis: { label: 'Kendall’s tau', range: [0, 1] },
        series: [
          { name: 'mean of scores', values: mean.map(average) },
          { name: 'Borda', values: borda.map(average) },
        ],
      },
    ],
    checks: [
      check('Mean: fall of tau', drop(mean), { expected: { atLeast: 0.2 }, band: [0, 1] }),
      check('Borda: fall of tau', drop(borda), { expected: { atMost: 0.02 }, band: [-0.1, 0.1] }),
      check('Borda: tau on equal scales', borda[0]!, { expected: { atLeast: 0.9 }, band: [0.8, 1] }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Scale of one task', 'Tau, mean of scores', 'Tau, Borda'],
      rows: SCALES.map((scale, k) => [scale, average(mean[k]!), average(borda[k]!)]),
    },
  };
}
