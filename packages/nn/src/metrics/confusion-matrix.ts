import type { Tensor } from '@weightloom/tensor-gpu';
import { readScores } from './read-scores.js';

/**
 * Counts of what was said by what it was: entry `[label][prediction]`, the prediction being the first largest score.
 *
 * @param outputs - scores `[…, C]` @param labels - int32 `[…]`
 * @returns C rows of C counts
 */
export async function confusionMatrix(outputs: Tensor, labels: Tensor): Promise<number[][]> {
  const scores = await readScores('confusionMatrix', outputs, labels);
  const { classes, rows, values } = scores;
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (values[row * classes + c] > values[row * classes + best]) best = c;
    counts[scores.labels[row]][best]++;
  }
  return counts;
}
