import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingMargins, crossingPenalty } from '../../src/aggregation/crossing-penalty.js';

const levels = [0.25, 0.5, 0.75];

describe('crossingPenalty', () => {
  it('is the mean excess over all pairs of levels', () => {
    // Pairs (3, 1): 2, (3, 2): 1, (1, 2): none; three pairs, two rows, the second in order.
    const { value, gradient } = crossingPenalty({
      predictions: [
        [3, 1, 2],
        [1, 2, 3],
      ],
      levels,
    });
    expect(value).toBeCloseTo(3 / 6, 12);
    expect([...gradient.data].map((g) => g * 6)).toEqual([2, -1, -1, 0, 0, 0]);
  });

  it('asks for a gap when there is a margin', () => {
    const close = { predictions: [[0, 0.1, 0.2]], levels };
    expect(crossingPenalty(close).value).toBe(0);
    // Excesses over 0.15: 0.05, 0.05 and none for the outer pair.
    expect(crossingPenalty({ ...close, margin: { kind: 'single', delta: 0.15 } }).value).toBeCloseTo(
      0.1 / 3,
      12,
    );
  });

  it('has the gradient of central differences', () => {
    const rows = fc.array(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(rows, (predictions) => {
        const margin = { kind: 'single', delta: 0.3 } as const;
        const { gradient } = crossingPenalty({ predictions, levels, margin });
        predictions.forEach((row, i) =>
          row.forEach((_, k) => {
            const at = (by: number) => {
              const moved = predictions.map((r, a) => r.map((v, b) => (a === i && b === k ? v + by : v)));
              return crossingPenalty({ predictions: moved, levels, margin }).value;
            };
            const [right, left] = [(at(1e-6) - at(0)) / 1e-6, (at(0) - at(-1e-6)) / 1e-6];
            if (Math.abs(right - left) < 1e-6)
              expect(Math.abs(gradient.data[i * 3 + k]! - right)).toBeLessThan(1e-6);
          }),
        );
      }),
    );
  });

  it('refuses shapes that do not match and negative margins', () => {
    expect(() => crossingPenalty({ predictions: [[1, 2]], levels })).toThrow(
      'predictions is [1, 2], expected',
    );
    expect(() =>
      crossingPenalty({ predictions: [[1, 2, 3]], levels, margin: { kind: 'single', delta: -1 } }),
    ).toThrow('the margin is -1, expected a finite number of at least 0');
  });
});

describe('crossingMargins', () => {
  it('grows with the distance of the levels, or with that of residual quantiles', () => {
    const vector = crossingMargins(levels, { kind: 'vector', scale: 2 });
    expect([vector[1], vector[2], vector[5]].map((v) => v!.toFixed(6))).toEqual([
      '0.005000',
      '0.010000',
      '0.005000',
    ]);
    // numpy.quantile([0, 1, 2, 3, 10], levels) is 1, 2, 3.
    const adaptive = crossingMargins(levels, { kind: 'adaptive', scale: 0.5, residuals: [10, 3, 0, 1, 2] });
    expect([...adaptive]).toEqual([0, 0.5, 1, 0, 0, 0.5, 0, 0, 0]);
  });

  it('refuses an adaptive margin without residuals', () => {
    expect(() => crossingMargins(levels, { kind: 'adaptive', scale: 1, residuals: [] })).toThrow(
      'residuals is empty',
    );
  });
});
