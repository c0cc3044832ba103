import { describe, expect, it } from 'vitest';
import { scoreQuantiles } from '../../src/index.js';

describe('scoreQuantiles', () => {
  it('gathers the scores of the hand-computed row', () => {
    const scores = scoreQuantiles(
      [4.5, 4.5],
      [
        [1, 3, 4, 6, 9],
        [1, 3, 4, 6, 9],
      ],
      [0.05, 0.25, 0.5, 0.75, 0.95],
    );
    expect(scores.count).toBe(2);
    expect(scores.meanPinball).toBeCloseTo(0.28, 14);
    expect(scores.wis!.total).toBeCloseTo(0.56, 14);
    expect([...scores.coverage]).toEqual([0, 0, 0, 1, 1]);
    expect(scores.intervals.map(({ coverage, meanWidth }) => [coverage, meanWidth])).toEqual([
      [1, 8],
      [1, 3],
    ]);
    expect(scores.intervals[0]!.nominal).toBeCloseTo(0.9, 14);
    expect(scores.crossing).toBe(0);
  });

  it('counts crossing rows and leaves WIS and intervals out for a grid that is not symmetric', () => {
    const scores = scoreQuantiles(
      [1, 1],
      [
        [2, 1],
        [1, 2],
      ],
      [0.1, 0.5],
    );
    expect(scores.crossing).toBe(0.5);
    expect(scores.wis).toBeUndefined();
    expect(scores.intervals).toEqual([]);
  });
});
