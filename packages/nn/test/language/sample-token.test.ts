import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { sampleToken, type SamplingOptions } from '../../src/language/sample-token.js';

const scores = [0.5, 0.3, 0.15, 0.05].map(Math.log);
function shares(options: SamplingOptions): number[] {
  const stream = generator(key(5));
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[sampleToken(scores, options, stream)]++;
  return counts.map((c) => c / 20_000);
}
const expectNear = (received: number[], expected: number[]): void =>
  received.forEach((share, i) => expect(Math.abs(share - expected[i])).toBeLessThan(0.015)); // four deviations of 20,000 draws

describe('sampleToken', () => {
  it('draws by probability', () => expectNear(shares({}), [0.5, 0.3, 0.15, 0.05]));

  it('sharpens with a low temperature: squares of the probabilities at 0.5', () => {
    const squares = [0.25, 0.09, 0.0225, 0.0025];
    const total = squares.reduce((a, b) => a + b, 0);
    expectNear(
      shares({ temperature: 0.5 }),
      squares.map((s) => s / total),
    );
  });

  it('keeps the best k, and their proportions', () => expectNear(shares({ topK: 2 }), [0.625, 0.375, 0, 0]));

  it('keeps the fewest tokens that reach topP, including the one that crosses it', () => {
    expectNear(shares({ topP: 0.5 }), [1, 0, 0, 0]);
    expectNear(shares({ topP: 0.6 }), [0.625, 0.375, 0, 0]);
    expectNear(shares({ topP: 0.81 }), [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0]);
  });

  it('takes the first of equal scores at temperature 0', () => {
    expect(sampleToken([1, 3, 3], { temperature: 0 }, generator(key(0)))).toBe(1);
  });

  it('never draws a token of probability 0', () => {
    const stream = generator(key(1));
    for (let i = 0; i < 1000; i++) expect(sampleToken([-Infinity, 0, -Infinity], {}, stream)).toBe(1);
  });
});
