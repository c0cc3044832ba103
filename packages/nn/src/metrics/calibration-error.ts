import type { Tensor } from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/checks.js';
import { readScores, softmaxRow } from './read-scores.js';

/**
 * Expected calibration error: rows are put into bins `(i/B, (i+1)/B]` by their largest probability, and
 * `Σ_b n_b / n · |accuracy_b - confidence_b|`.
 *
 * @param outputs - logits `[…, C]` @param labels - int32 `[…]` @param options.bins - `B`, default 15
 * @returns a number in [0, 1]; 0 is perfectly calibrated
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599
 */
export async function calibrationError(
  outputs: Tensor,
  labels: Tensor,
  { bins = 15 }: { readonly bins?: number } = {},
): Promise<number> {
  checkCount('calibrationError', 'bins', bins);
  const scores = await readScores('calibrationError', outputs, labels);
  const gaps = new Float64Array(bins);
  for (let row = 0; row < scores.rows; row++) {
    const p = softmaxRow(scores, row);
    const confidence = Math.max(...p);
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin] += (p.indexOf(confidence) === scores.labels[row] ? 1 : 0) - confidence;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / scores.rows;
}
