import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { calibrationCurve, pitGaussian, pitHistogram, pitQuantiles, pitSample } from '../../src/index.js';
import { normalQuantile } from '../../src/internal/normal.js';

const random = generator(key(5));
const draws = Array.from({ length: 4000 }, () => random.normal());
const levels = [0.1, 0.3, 0.5, 0.7, 0.9];

describe('calibrationCurve', () => {
  it('counts the outcomes at or below each quantile', () => {
    const curve = calibrationCurve(
      [1, 2, 3, 4],
      [1, 2, 3, 4].map(() => [1, 3.5]),
      [0.25, 0.5],
    );
    expect([...curve.observed]).toEqual([0.25, 0.75]);
    expect([curve.meanAbsoluteError, curve.maximumError]).toEqual([0.125, 0.25]);
    expect(curve.rootMeanSquaredError).toBeCloseTo(Math.sqrt(0.25 ** 2 / 2), 14);
    // 0.5 ± 1.96 sqrt(0.25 / 4)
    expect(curve.bandUpper[1]).toBeCloseTo(0.98999, 5);
  });

  it('stays inside the band for the true quantiles and leaves it for too narrow ones', () => {
    const row = levels.map(normalQuantile);
    const right = calibrationCurve(
      draws,
      draws.map(() => row),
      levels,
      { confidence: 0.999 },
    );
    right.observed.forEach((share, k) => {
      expect(share).toBeGreaterThan(right.bandLower[k]!);
      expect(share).toBeLessThan(right.bandUpper[k]!);
    });
    const narrow = calibrationCurve(
      draws,
      draws.map(() => row.map((q) => q / 2)),
      levels,
    );
    expect(narrow.observed[0]).toBeGreaterThan(narrow.bandUpper[0]!);
  });
});

describe('probability integral transforms', () => {
  it('interpolate between quantiles and take the middle of what a tail leaves open', () => {
    const rows = [0, 1.5, 2, 5].map(() => [1, 2, 4]);
    expect([...pitQuantiles([0, 1.5, 2, 5], rows, [0.2, 0.4, 0.8])]).toEqual([
      0.1, 0.30000000000000004, 0.4, 0.9,
    ]);
    expect(pitQuantiles([2], [[1, 2, 2]], [0.2, 0.4, 0.8])[0]).toBeCloseTo(0.6, 14);
  });

  it('count samples below, ties half', () => {
    expect(pitSample([2], [[1, 2, 3, 4]])[0]).toBe(0.375);
  });

  it('are flat for the true Gaussian and cupped for one too narrow', () => {
    const mean = draws.map(() => 0);
    const flat = pitHistogram(
      pitGaussian(
        draws,
        mean,
        draws.map(() => 1),
      ),
    );
    flat.forEach((density) => expect(Math.abs(density - 1)).toBeLessThan(0.2));
    expect(flat.reduce((a, b) => a + b, 0) / 10).toBeCloseTo(1, 10);
    const cup = pitHistogram(
      pitGaussian(
        draws,
        mean,
        draws.map(() => 0.5),
      ),
    );
    expect(cup[0]).toBeGreaterThan(1.5);
    expect(cup[4]).toBeLessThan(0.8);
  });

  it('refuse values outside [0, 1]', () => {
    expect(() => pitHistogram([0.5, 1.2])).toThrow('values[1] is 1.2');
  });
});
