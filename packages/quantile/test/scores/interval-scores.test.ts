import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalScores, pinballLoss, weightedIntervalScores } from '../../src/index.js';

const levels = [0.05, 0.25, 0.5, 0.75, 0.95];

describe('intervalScores', () => {
  it('is the width plus 2/alpha per unit outside', () => {
    expect([...intervalScores([5, 0, 12], [2, 2, 2], [10, 10, 10], 0.2)]).toEqual([8, 28, 28]);
  });

  it('refuses bounds that cross, NaN and a bad alpha', () => {
    expect(() => intervalScores([1], [3], [2], 0.1)).toThrow('lower[0] is 3, above upper[0], 2');
    expect(() => intervalScores([1], [NaN], [2], 0.1)).toThrow('lower[0] is NaN');
    expect(() => intervalScores([1], [1], [2], 1)).toThrow('alpha is 1');
  });
});

describe('weightedIntervalScores', () => {
  it('is 0.56 for the hand-computed row, 2.8 as a sum', () => {
    const forecast = [[1, 3, 4, 6, 9]];
    const { total, dispersion, overPrediction, underPrediction } = weightedIntervalScores(
      [4.5],
      forecast,
      levels,
    );
    expect(total[0]).toBeCloseTo(0.56, 14);
    // Widths 8 and 3 at levels 0.05 and 0.25: (2/5)(0.05·8 + 0.25·3); the median is 0.5 too low: (1/5)·0.5.
    expect(dispersion[0]).toBeCloseTo(0.46, 14);
    expect([overPrediction[0], underPrediction[0]]).toEqual([0, 0.1]);
    expect(weightedIntervalScores([4.5], forecast, levels, { form: 'sum' }).total[0]).toBeCloseTo(2.8, 14);
  });

  it('is twice the mean pinball loss and the mean of its interval scores, with and without a median', () => {
    const row = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(row, fc.integer({ min: -60, max: 60 }), fc.boolean(), (drawn, y, median) => {
        const q = drawn.sort((a, b) => a - b).filter((_, k) => median || k !== 2);
        const grid = levels.filter((_, k) => median || k !== 2);
        const { total, dispersion, overPrediction, underPrediction } = weightedIntervalScores([y], [q], grid);
        const loss = pinballLoss([y], [q], grid);
        expect(total[0]).toBeCloseTo((2 * loss.reduce((a, b) => a + b, 0)) / grid.length, 10);
        const m = grid.length;
        const parts =
          intervalScores([y], [q[0]!], [q[m - 1]!], 0.1)[0]! * 0.05 +
          intervalScores([y], [q[1]!], [q[m - 2]!], 0.5)[0]! * 0.25;
        const whole = median ? (parts + Math.abs(y - q[2]!) / 2) / 2.5 : parts / 2;
        expect(total[0]).toBeCloseTo(whole, 10);
        expect([dispersion[0]! >= 0, overPrediction[0]! >= 0, underPrediction[0]! >= 0]).toEqual([
          true,
          true,
          true,
        ]);
      }),
      { seed: 1 },
    );
  });

  it('refuses a grid that is not symmetric', () => {
    expect(() => weightedIntervalScores([1], [[1, 2]], [0.1, 0.5])).toThrow(
      'levels[0] is 0.1 but there is no level 0.9',
    );
  });
});
