import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinball, pinballLoss, pinballScores } from '../../src/index.js';

const levels = [0.05, 0.25, 0.5, 0.75, 0.95];

describe('pinball', () => {
  it('costs the level per unit above and one minus the level per unit below', () => {
    expect([pinball(2, 0.9), pinball(-2, 0.9), pinball(0, 0.9)]).toEqual([1.8, -2 * (0.9 - 1), 0]);
  });
});

describe('pinballScores', () => {
  it('gives the hand-computed row (0.175, 0.375, 0.25, 0.375, 0.225)', () => {
    const { data } = pinballScores([4.5], [[1, 3, 4, 6, 9]], levels);
    [0.175, 0.375, 0.25, 0.375, 0.225].forEach((value, k) => expect(data[k]).toBeCloseTo(value, 14));
  });

  it('refuses shapes that do not fit', () => {
    expect(() => pinballScores([1, 2], [[1], [2]], [0.1, 0.5])).toThrow(
      'predictions has 1 columns for 2 levels',
    );
    expect(() => pinballScores([1], [[1], [2]], [0.5])).toThrow('y has 1 values, expected 2');
    expect(() => pinballScores([], [], [0.5])).toThrow('there are no rows');
    expect(() => pinballScores([1], [[NaN]], [0.5])).toThrow('predictions is NaN at row 0, column 0');
  });
});

describe('pinballLoss', () => {
  it('is the weighted mean per level', () => {
    expect([...pinballLoss([0, 10], [[1], [2]], [0.5], [1, 3])]).toEqual([(0.5 + 3 * 4) / 4]);
  });

  it('is least at a sample quantile, whatever the sample', () => {
    const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        sample,
        fc.constantFrom(0.1, 0.5, 0.8),
        fc.integer({ min: -25, max: 25 }),
        (y, level, other) => {
          const quantile = [...y].sort((a, b) => a - b)[Math.ceil(level * y.length - 1e-9) - 1]!;
          const loss = (value: number) =>
            pinballLoss(
              y,
              y.map(() => [value]),
              [level],
            )[0]!;
          expect(loss(quantile)).toBeLessThanOrEqual(loss(other) + 1e-12);
        },
      ),
      { seed: 1 },
    );
  });
});
