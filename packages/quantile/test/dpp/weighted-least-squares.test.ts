import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedLeastSquares } from '../../src/dpp/weighted-least-squares.js';
import golden from '../golden/aggregation.json' with { type: 'json' };

describe('weightedLeastSquares', () => {
  it('is the weighted mean for a constant feature', () => {
    const [mean] = weightedLeastSquares({ features: [[1], [1], [1]], y: [1, 2, 6], weights: [1, 1, 2] });
    expect(mean).toBeCloseTo(15 / 4, 12);
  });

  it('agrees with numpy.linalg.lstsq on weighted rows', () => {
    const { features, y, weights, coefficients } = golden.wls;
    weightedLeastSquares({ features, y, weights }).forEach((value, j) =>
      expect(value).toBeCloseTo(coefficients[j]!, 9),
    );
  });

  it('recovers coefficients exactly when there is no noise, whatever the weights', () => {
    const cell = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.double({ min: 0.1, max: 5, noNaN: true })), {
          minLength: 4,
          maxLength: 12,
        }),
        (cells) => {
          const features = cells.map(([x], i) => [1, x + i, (x + i) ** 2]);
          const y = features.map(([a, b, c]) => 3 * a! - b! + 0.5 * c!);
          const [a, b, c] = weightedLeastSquares({ features, y, weights: cells.map(([, w]) => w) });
          expect(a).toBeCloseTo(3, 5);
          expect(b).toBeCloseTo(-1, 5);
          expect(c).toBeCloseTo(0.5, 5);
        },
      ),
    );
  });

  it('refuses too few points, dependent features and negative weights', () => {
    expect(() => weightedLeastSquares({ features: [[1, 2]], y: [1] })).toThrow(
      'at least as many rows as columns',
    );
    expect(() =>
      weightedLeastSquares({
        features: [
          [1, 2],
          [2, 4],
        ],
        y: [1, 2],
      }),
    ).toThrow('feature 1 is a combination');
    expect(() => weightedLeastSquares({ features: [[1], [2]], y: [1, 2], weights: [1, -1] })).toThrow(
      'weights[1] is -1',
    );
  });
});
