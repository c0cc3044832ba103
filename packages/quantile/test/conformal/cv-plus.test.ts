import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { cvPlus, jackknifePlus } from '../../src/conformal/cv-plus.js';
import { plusIntervals } from '../../src/conformal/plus-intervals.js';

/** The mean of the training targets, whatever the row. */
const fitMean = (_rows: readonly number[], y: Float64Array) => {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  return (rows: readonly number[]) => rows.map(() => mean);
};

describe('jackknifePlus', () => {
  it('agrees with four rows done by hand', async () => {
    // Targets 0, 1, 2, 9. Means without each: 4, 11/3, 10/3, 1; residuals 4, 8/3, 4/3, 8.
    const fitted = await jackknifePlus({ x: [0, 0, 0, 0], y: [0, 1, 2, 9], fit: fitMean, alpha: 0.2 });
    expect(fitted.models).toHaveLength(4);
    expect(fitted.state.above.map((value) => value.toFixed(6))).toEqual([
      '-4.000000',
      '-2.666667',
      '-1.333333',
      '8.000000',
    ]);
    // k = ⌈0.8 · 5⌉ = 4: upper is the largest of 8, 19/3, 14/3, 9, lower the smallest of 0, 1, 2, -7.
    const { lower, upper } = await fitted.intervals([0]);
    expect(lower[0]).toBeCloseTo(-7, 12);
    expect(upper[0]).toBeCloseTo(9, 12);
  });

  it('is infinite with a reason for fewer rows than the coverage needs', async () => {
    const fitted = await jackknifePlus({ x: [0, 0, 0], y: [0, 1, 2], fit: fitMean, alpha: 0.2 });
    const { lower, upper, reasons } = await fitted.intervals([0]);
    expect([lower[0], upper[0]]).toEqual([-Infinity, Infinity]);
    expect(reasons).toEqual(['3 training rows cannot give coverage 0.8: at least 4 are needed']);
  });

  it('gives signed residuals and an open end when one-sided', async () => {
    const fitted = await jackknifePlus({
      x: [0, 0, 0, 0],
      y: [0, 1, 2, 9],
      fit: fitMean,
      alpha: 0.2,
      tails: 'upper',
    });
    const { lower, upper } = await fitted.intervals([0]);
    // Means plus signed residuals are the targets themselves.
    expect([lower[0], upper[0]!.toFixed(9)]).toEqual([-Infinity, '9.000000000']);
  });
});

describe('cvPlus', () => {
  it('is jackknife+ when every row is its own fold', async () => {
    const data = { x: [0, 0, 0, 0, 0], y: [3, 1, 4, 1, 5], fit: fitMean, alpha: 0.25 };
    const one = await (await cvPlus({ ...data, folds: [0, 1, 2, 3, 4] })).intervals([0, 1]);
    expect(one).toEqual(await (await jackknifePlus(data)).intervals([0, 1]));
  });

  it('never shows a fold model the rows of its fold', async () => {
    const rows = Array.from({ length: 23 }, (_, i) => i);
    const seen: number[][] = [];
    const fit = (some: readonly number[]) => {
      seen.push([...some]);
      return (fresh: readonly number[]) => fresh.map(() => 0);
    };
    const { state } = await cvPlus({ x: rows, y: rows, fit, folds: 5, key: key(1), alpha: 0.1 });
    seen.forEach((some, k) =>
      expect(rows.filter((i) => !some.includes(i))).toEqual(rows.filter((i) => state.folds[i] === k)),
    );
    expect(seen.map((some) => 23 - some.length)).toEqual([5, 5, 5, 4, 4]);
  });

  it('draws the same folds from the same key and other folds from another', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => i);
    const folds = async (seed: number) =>
      (await cvPlus({ x: rows, y: rows, fit: fitMean, folds: 3, key: key(seed), alpha: 0.1 })).state.folds;
    expect(await folds(1)).toEqual(await folds(1));
    expect(await folds(1)).not.toEqual(await folds(2));
  });

  it('gives the same intervals from its JSON state and stored fold predictions', async () => {
    const fitted = await cvPlus({
      x: [0, 0, 0, 0],
      y: [0, 1, 2, 9],
      fit: fitMean,
      folds: [0, 0, 1, 1],
      alpha: 0.2,
    });
    const predictions = await Promise.all(fitted.models.map((model) => model([0])));
    const state = JSON.parse(JSON.stringify(fitted.state));
    expect(plusIntervals(state, predictions)).toEqual(await fitted.intervals([0]));
  });

  it('awaits models that train and predict asynchronously', async () => {
    const slow = async (rows: readonly number[], y: Float64Array) => {
      const predict = fitMean(rows, y);
      return async (fresh: readonly number[]) => predict(fresh);
    };
    const data = { x: [0, 0, 0, 0], y: [0, 1, 2, 9], folds: [0, 1, 0, 1], alpha: 0.3 };
    const intervals = await (await cvPlus({ ...data, fit: slow })).intervals([0]);
    expect(intervals).toEqual(await (await cvPlus({ ...data, fit: fitMean })).intervals([0]));
  });

  it('has one clear error for each bad input', async () => {
    const data = { x: [0, 0, 0, 0], y: [0, 1, 2, 9], fit: fitMean, alpha: 0.2 };
    await expect(cvPlus({ ...data, folds: 3 })).rejects.toThrow('cvPlus: key is missing, it draws the folds');
    await expect(cvPlus({ ...data, folds: 5, key: key(0) })).rejects.toThrow(
      'folds is 5, expected an integer from 2 to the 4',
    );
    await expect(cvPlus({ ...data, folds: [0, 0, 2, 2] })).rejects.toThrow(
      'folds[2] is 2, expected integers from 0',
    );
    await expect(cvPlus({ ...data, folds: [0, 0, 0, 0] })).rejects.toThrow('all rows are in one fold');
    await expect(cvPlus({ ...data, x: [0] })).rejects.toThrow('got 1 training rows, expected at least 2');
    await expect(cvPlus({ ...data, alpha: 0 })).rejects.toThrow('alpha is 0');
    await expect(cvPlus({ ...data, y: [0, 1, NaN, 9] })).rejects.toThrow('y[2] is NaN');
    const broken = () => () => [NaN, NaN];
    await expect(cvPlus({ ...data, folds: [0, 0, 1, 1], fit: broken })).rejects.toThrow(
      'cvPlus: model predictions[0] is NaN',
    );
  });
});
