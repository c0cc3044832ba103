import type { Generator } from '@weightloom/tensor-gpu';

export interface SamplingOptions {
  /** Divides the scores, at least 0; 0 always takes the best token. Default 1. */
  readonly temperature?: number;
  /** Draws from the best `topK` tokens only; default all. */
  readonly topK?: number;
  /** Draws from the fewest best tokens that have this probability together, in (0, 1]; default 1. */
  readonly topP?: number;
}

/**
 * One token from scores: first temperature, then `topK`, then `topP`, then a draw. Of equal scores the first token is better.
 *
 * @see Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", arXiv:1904.09751 (`topP`)
 */
export function sampleToken(
  scores: ArrayLike<number>,
  { temperature = 1, topK, topP = 1 }: SamplingOptions,
  stream: Generator,
): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  if (temperature === 0) return best;
  const sorted = topK !== undefined || topP < 1;
  const order = Array.from({ length: scores.length }, (_, i) => i);
  if (sorted) order.sort((a, b) => scores[b] - scores[a] || a - b);
  const kept = topK === undefined ? order : order.slice(0, topK);
  const weights = kept.map((i) => Math.exp((scores[i] - scores[best]) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let [count, mass] = [0, 0];
  while (count < kept.length && (count === 0 || mass < topP * total)) mass += weights[count++];
  let left = stream.uniform() * mass;
  for (let i = 0; i < count; i++) {
    left -= weights[i];
    if (left < 0) return kept[i];
  }
  return kept[count - 1];
}
