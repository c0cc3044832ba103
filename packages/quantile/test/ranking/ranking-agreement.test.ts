import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distortion,
  kendallDistance,
  kendallTau,
  topKAgreement,
} from '../../src/ranking/ranking-agreement.js';
import golden from '../golden/aggregation.json' with { type: 'json' };

describe('ranking agreement', () => {
  it('counts the share of pairs in opposite order', () => {
    expect(kendallDistance([1, 2, 3], [3, 2, 1])).toBe(1);
    expect(kendallDistance([1, 2, 3], [1, 3, 2])).toBeCloseTo(1 / 3, 12);
    expect(kendallDistance([1, 1, 2], [2, 1, 3])).toBe(0);
    expect(
      distortion(
        [1, 2, 3],
        [
          [1, 2, 3],
          [3, 2, 1],
        ],
      ),
    ).toBe(0.5);
  });

  it('agrees with scipy.stats.kendalltau on values with ties', () => {
    expect(kendallTau(golden.kendall.a, golden.kendall.b)).toBeCloseTo(golden.kendall.tauB, 10);
  });

  it('is 1 - 2 times the distance without ties', () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
    fc.assert(
      fc.property(order, order, (a, b) => {
        expect(kendallTau(a, b)).toBeCloseTo(1 - 2 * kendallDistance(a, b), 12);
      }),
    );
  });

  it('compares the sets of the first k', () => {
    expect(topKAgreement([0, 1, 2, 3], [1, 0, 3, 2], 2)).toBe(1);
    expect(topKAgreement([0, 1, 2, 3], [1, 0, 3, 2], 1)).toBe(0);
    expect(topKAgreement([0, 1, 2, 3], [3, 0, 1, 2], 3)).toBeCloseTo(2 / 3, 12);
  });

  it('refuses what it cannot compare', () => {
    expect(() => kendallDistance([1], [1])).toThrow('got 1 systems, expected at least 2');
    expect(() => kendallTau([1, 1], [1, 2])).toThrow('all values of one ranking are equal');
    expect(() => topKAgreement([0, 1], [0, 1], 3)).toThrow('k is 3, expected an integer from 1 to 2');
    expect(() => distortion([1, 2], [])).toThrow('rows is empty');
  });
});
