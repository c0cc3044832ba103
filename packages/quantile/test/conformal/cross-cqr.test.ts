import { describe, expect, it } from 'vitest';
import { crossCqr } from '../../src/conformal/cross-cqr.js';

/** The smallest and largest training target as a band. */
const fitRange = (_rows: readonly number[], y: Float64Array) => (rows: readonly number[]) => ({
  lower: rows.map(() => Math.min(...y)),
  upper: rows.map(() => Math.max(...y)),
});

describe('crossCqr', () => {
  it('agrees with four rows in two folds done by hand', async () => {
    // Fold 0 holds 0 and 9, fold 1 holds 2 and 5. The model without fold 0 says [2, 5], without fold 1 [0, 9].
    // Residuals max(lo - y, y - hi): 2, 4, -2, -4.
    const fitted = await crossCqr({
      x: [0, 0, 0, 0],
      y: [0, 9, 2, 5],
      folds: [0, 0, 1, 1],
      fit: fitRange,
      alpha: 0.2,
    });
    const { lower, upper } = await fitted.intervals([0]);
    // k = 4: the smallest of 2-2, 2-4, 0+2, 0+4 and the largest of 5+2, 5+4, 9-2, 9-4.
    expect([lower[0], upper[0]]).toEqual([-2, 9]);
  });

  it('swaps crossing predictions and counts them', async () => {
    const flipped = (rows: readonly number[], y: Float64Array) => (fresh: readonly number[]) => {
      const { lower, upper } = fitRange(rows, y)(fresh);
      return { lower: upper, upper: lower };
    };
    const data = { x: [0, 0, 0, 0], y: [0, 9, 2, 5], folds: [0, 0, 1, 1], alpha: 0.2 };
    const straight = await (await crossCqr({ ...data, fit: fitRange })).intervals([0]);
    const crossed = await (await crossCqr({ ...data, fit: flipped })).intervals([0]);
    expect(crossed).toEqual({ ...straight, swapped: 2 });
  });

  it('refuses a band of another length', async () => {
    const short = () => () => ({ lower: [0], upper: [1] });
    const data = { x: [0, 0, 0, 0], y: [0, 9, 2, 5], folds: [0, 0, 1, 1], alpha: 0.2 };
    await expect(crossCqr({ ...data, fit: short })).rejects.toThrow(
      'crossCqr: model lower has 1 values, expected 2',
    );
  });
});
