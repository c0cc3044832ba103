import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankValues } from '../src/index.js';

function find(scores: readonly number[], ranks: readonly number[]): number[] {
  const { passes, values } = rankValues(ranks);
  for (const { reduce, finish } of passes) {
    for (let at = 0; at < scores.length; at += 3) reduce(Float32Array.from(scores.slice(at, at + 3)));
    finish();
  }
  return values();
}

describe('rankValues', () => {
  it('finds smallest, median and largest', () => {
    expect(find([5, 1, 4, 2, 3], [0, 2, 4])).toEqual([1, 3, 5]);
  });

  it('agrees with sorting', () => {
    const scores = fc.array(fc.float({ noNaN: true, min: 0 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(scores, (list) => {
        const ranks = list.map((_, i) => i);
        expect(find(list, ranks)).toEqual(list.toSorted((a, b) => a - b).map((x) => x + 0));
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});
