import { describe, expect, it } from 'vitest';
import { predictOrdinal } from '../../src/presto/ordinal-model.js';
import { brierScore } from '../../src/presto/ordinal-scores.js';

const model = { classes: ['a', 'b', 'c'], intercepts: [0, Math.log(3)], slopes: [[0], [1]] };

describe('predictOrdinal', () => {
  it('takes differences of the cumulative curves', () => {
    const { probabilities, crossed } = predictOrdinal(model, [[0]]);
    // Cumulative 0.5 and 0.75.
    [0.5, 0.25, 0.25].forEach((p, k) => expect(probabilities.data[k]).toBeCloseTo(p, 12));
    expect(crossed).toEqual([]);
  });

  it('clips and renormalises a row whose curves cross, and names it', () => {
    // At x = -ln 9 the second cumulative probability is 0.25, below the first, 0.5.
    const { probabilities, crossed } = predictOrdinal(model, [[0], [-Math.log(9)]]);
    expect(crossed).toEqual([1]);
    [0.5 / 1.25, 0, 0.75 / 1.25].forEach((p, k) => expect(probabilities.data[3 + k]).toBeCloseTo(p, 12));
  });

  it('throws on such a row in strict mode', () => {
    expect(() => predictOrdinal(model, [[0], [-5]], { strict: true })).toThrow(
      'predictOrdinal: the cumulative curves cross at x[1], so a class probability is negative',
    );
  });

  it('keeps small probabilities exact and large predictors finite', () => {
    const narrow = { classes: [0, 1, 2], intercepts: [40, 40 + 1e-9], slopes: [[0], [0]] };
    // sigmoid(u) - sigmoid(l) is about 1e-9 e^{-40}.
    expect(predictOrdinal(narrow, [[0]]).probabilities.data[1]! / (1e-9 * Math.exp(-40))).toBeCloseTo(1, 5);
    const steep = { classes: [0, 1, 2], intercepts: [0, 1], slopes: [[1e4], [1e4]] };
    expect([...predictOrdinal(steep, [[1], [-1]]).probabilities.data]).toEqual([1, 0, 0, 0, 0, 1]);
  });

  it('refuses another number of columns', () => {
    expect(() => predictOrdinal(model, [[1, 2]])).toThrow('x has 2 columns, expected 1 as in training');
  });
});

describe('brierScore', () => {
  it('is 0 for a sure right answer, 2 for a sure wrong one', () => {
    expect(
      brierScore(
        [
          [1, 0],
          [1, 0],
        ],
        [0, 1],
      ),
    ).toBe(1);
    expect(brierScore([[0.5, 0.25, 0.25]], [0])).toBeCloseTo(0.375, 12);
  });

  it('refuses codes outside the columns', () => {
    expect(() => brierScore([[1, 0]], [2])).toThrow('codes[0] is 2, expected an integer from 0 to 1');
    expect(() => brierScore([], [])).toThrow('got 0 rows and 0 codes');
  });
});
