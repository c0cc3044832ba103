import { graphDistances, lokiDecode, meanLabelDistance, softmaxRows } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';

export const paper: Paper = {
  title: 'Geometry-Aware Adaptation for Pretrained Models',
  authors: 'Roberts et al.',
  venue: 'NeurIPS 2023',
  url: 'https://arxiv.org/abs/2307.12226',
};
export const claim =
  'A classifier trained on 4 of 10 classes that lie on a line predicts all 10 with Loki, and the mean distance to the ' +
  'true class falls below 0.8 times that of argmax.';

const CLASSES = 10;
const OBSERVED = [0, 3, 6, 9];
const PER_CLASS = 200;
const TEMPERATURES = [0.5, 1, 1.5, 2, 3, 4];

type Random = ReturnType<typeof generator>;

/** The class plus noise, a feature of pure noise, and a constant. */
const drawRow = (label: number, random: Random) => [label + 0.6 * random.normal(), random.normal(), 1];

/** Multinomial logistic regression by gradient descent on standardised features. */
function fitClassifier(
  x: readonly number[][],
  codes: readonly number[],
): (row: readonly number[]) => number[] {
  const centre = x.reduce((sum, [a]) => sum + a!, 0) / x.length;
  const spread = Math.sqrt(x.reduce((sum, [a]) => sum + (a! - centre) ** 2, 0) / x.length);
  const scale = ([a, b, c]: readonly number[]) => [(a! - centre) / spread, b!, c!];
  const rows = x.map(scale);
  const weights = OBSERVED.map(() => [0, 0, 0]);
  const logits = (row: readonly number[]) =>
    weights.map((w) => w.reduce((sum, value, j) => sum + value * row[j]!, 0));
  for (let step = 0; step < 500; step++) {
    const p = softmaxRows(rows.map(logits)).data;
    const gradient = OBSERVED.map(() => [0, 0, 0]);
    rows.forEach((row, i) =>
      gradient.forEach((g, k) => {
        const slope = p[i * OBSERVED.length + k]! - (codes[i] === k ? 1 : 0);
        row.forEach((value, j) => (g[j]! += (slope * value) / rows.length));
      }),
    );
    weights.forEach((w, k) => w.forEach((_, j) => (w[j]! -= 4 * gradient[k]![j]!)));
  }
  return (row) => logits(scale(row));
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const distances = graphDistances(
    CLASSES,
    Array.from({ length: CLASSES - 1 }, (_, a) => [a, a + 1] as const),
  );
  const argmaxDistance: number[] = [];
  const lokiDistances = TEMPERATURES.map(() => [] as number[]);
  const distinct: number[] = [];
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const codes = Array.from({ length: OBSERVED.length * PER_CLASS }, (_, i) => i % OBSERVED.length);
    const classifier = fitClassifier(
      codes.map((code) => drawRow(OBSERVED[code]!, random)),
      codes,
    );
    const truth = Array.from({ length: CLASSES * PER_CLASS }, (_, i) => i % CLASSES);
    const logits = truth.map((label) => classifier(drawRow(label, random)));
    const argmax = logits.map((row) => OBSERVED[row.indexOf(Math.max(...row))]!);
    argmaxDistance.push(meanLabelDistance({ predictions: argmax, truth, distances }));
    TEMPERATURES.forEach((temperature, t) => {
      // #region main
      const probabilities = softmaxRows(logits, temperature);
      const predictions = lokiDecode({ probabilities, distances, observed: OBSERVED });
      lokiDistances[t]!.push(meanLabelDistance({ predictions, truth, distances }));
      // #endregion main
      if (temperature === 1) distinct.push(new Set(predictions).size);
    });
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const ratio = (t: number) => lokiDistances[t]!.map((value, i) => value / argmaxDistance[i]!);
  return {
    charts: [
      {
        type: 'line',
        title: 'Distance to the true class',
        xAxis: { label: 'temperature' },
        yAxis: { label: 'mean distance' },
        series: [
          { name: 'Loki', x: TEMPERATURES, y: lokiDistances.map(average) },
          {
            name: 'argmax',
            x: TEMPERATURES,
            y: TEMPERATURES.map(() => average(argmaxDistance)),
            dashed: true,
          },
        ],
      },
    ],
    checks: [
      check('Loki / argmax, mean distance', ratio(1), { expected: { atMost: 0.8 }, band: [0.3, 1.2] }),
      check('Loki / argmax, at temperature 2', ratio(3), { expected: { atMost: 0.8 }, band: [0.3, 1.2] }),
      check('Classes predicted by Loki', distinct, { expected: { atLeast: 10 }, band: [4, 10.5] }),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Decoding', 'Mean distance'],
      rows: [
        ['argmax', average(argmaxDistance)],
        ...TEMPERATURES.map((t, i) => [`Loki, temperature ${t}`, average(lokiDistances[i]!)]),
      ],
    },
  };
}
