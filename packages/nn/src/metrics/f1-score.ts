import type { Tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { confusionMatrix } from './confusion-matrix.js';

export interface F1ScoreOptions {
  /**
   * `macro`: plain mean over classes that occur as label or prediction; `weighted`: mean weighted by the number of labels; `micro`: over
   * all decisions, which is the accuracy here. Default `macro`.
   */
  readonly average?: 'macro' | 'weighted' | 'micro';
}

/**
 * `2 TP / (2 TP + FP + FN)` per class, averaged; 0 for a class that is never right.
 *
 * @param outputs - scores `[…, C]` @param labels - int32 `[…]`
 */
export async function f1Score(
  outputs: Tensor,
  labels: Tensor,
  { average = 'macro' }: F1ScoreOptions = {},
): Promise<number> {
  if (!['macro', 'weighted', 'micro'].includes(average)) {
    refuse('f1Score', 'average macro, weighted or micro', `"${String(average)}"`);
  }
  const counts = await confusionMatrix(outputs, labels);
  const classes = counts.map((row, c) => {
    const said = counts.reduce((sum, other) => sum + other[c], 0);
    const real = row.reduce((a, b) => a + b, 0);
    return { right: row[c], said, real };
  });
  const total = classes.reduce((sum, { real }) => sum + real, 0);
  if (average === 'micro') return classes.reduce((sum, { right }) => sum + right, 0) / total;
  const seen = classes.filter(({ said, real }) => said + real > 0);
  const weight = ({ real }: { real: number }): number =>
    average === 'macro' ? 1 / seen.length : real / total;
  return seen.reduce((sum, c) => sum + (weight(c) * 2 * c.right) / (c.said + c.real), 0);
}
