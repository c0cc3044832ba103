import type { Tensor } from '@weightloom/tensor-gpu';
import { readScores, softmaxRow } from './read-scores.js';

/**
 * Area under the ROC curve: how often a positive gets a higher score than a negative, ties counting half. For two classes the score is
 * that of class 1; for more, the mean over classes of one against the rest, by softmax probability (as scikit-learn's `ovr`, `macro`).
 *
 * @param outputs - scores `[…, C]`, unnormalised @param labels - int32 `[…]`
 * @throws {RangeError} when a class has no example or has them all
 */
export async function auc(outputs: Tensor, labels: Tensor): Promise<number> {
  const scores = await readScores('auc', outputs, labels);
  const rows = Array.from({ length: scores.rows }, (_, row) => softmaxRow(scores, row));
  const classes = scores.classes === 2 ? [1] : rows[0].map((_, c) => c);
  const areas = classes.map((c) =>
    area(
      rows.map((p, row) =>
        scores.classes === 2 ? scores.values[2 * row + 1] - scores.values[2 * row] : p[c],
      ),
      rows.map((_, row) => scores.labels[row] === c),
      c,
    ),
  );
  return areas.reduce((a, b) => a + b, 0) / areas.length;
}

/** Mann and Whitney's statistic by mean ranks. */
function area(scores: readonly number[], positive: readonly boolean[], name: number): number {
  const count = positive.filter(Boolean).length;
  if (count === 0 || count === positive.length) {
    throw new RangeError(
      `auc: expected examples with and without label ${name}, received ${count} of ${positive.length} with it`,
    );
  }
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (positive[order[i]]) rankSum += rank;
    start = end;
  }
  return (rankSum - (count * (count + 1)) / 2) / (count * (positive.length - count));
}
