import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { jackknifePlusAfterBootstrap } from '../../src/conformal/jackknife-plus-after-bootstrap.js';

const fitMean = (_rows: readonly number[], y: Float64Array) => {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  return (rows: readonly number[]) => rows.map(() => mean);
};

describe('jackknifePlusAfterBootstrap', () => {
  it('scores each row by the models whose sample left it out, as recomputed from the samples', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => i);
    const targets = rows.map((i) => i * i);
    const samples: number[][] = [];
    const fit = (some: readonly number[], y: Float64Array) => {
      samples.push([...some]);
      return fitMean(some, y);
    };
    const fitted = await jackknifePlusAfterBootstrap({
      x: rows,
      y: targets,
      fit,
      models: 40,
      key: key(3),
      alpha: 0.2,
    });
    const means = samples.map((some) => some.reduce((sum, i) => sum + targets[i]!, 0) / some.length);
    rows.forEach((i) => {
      const left = means.filter((_, b) => !samples[b]!.includes(i));
      const centre = left.reduce((sum, value) => sum + value, 0) / left.length;
      expect(fitted.state.above[i]).toBeCloseTo(targets[i]! - centre, 10);
    });
    expect(samples.every((some) => some.length === 12)).toBe(true);
  });

  it('counts a row that no model left out as infinitely far, with a reason when that decides', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => i);
    const fitted = await jackknifePlusAfterBootstrap({
      x: rows,
      y: rows,
      fit: fitMean,
      models: 2,
      key: key(1),
      alpha: 0.1,
    });
    expect(fitted.state.unseen.length).toBeGreaterThan(0);
    const { upper, reasons } = await fitted.intervals([0]);
    expect(upper[0]).toBe(Infinity);
    expect(reasons[0]).toMatch(/^\d+ of 10 training rows were in every bootstrap sample/);
    expect(JSON.parse(JSON.stringify(fitted.state))).toEqual(fitted.state);
  });

  it('takes the median of models when asked', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => i);
    const wild = (_: readonly number[], y: Float64Array) => {
      const value = y[0]! > 8 ? 1e6 : 1;
      return (fresh: readonly number[]) => fresh.map(() => value);
    };
    const options = { x: rows, y: rows, fit: wild, models: 60, key: key(5), alpha: 0.2 };
    const mean = await (await jackknifePlusAfterBootstrap(options)).intervals([0]);
    const median = await (
      await jackknifePlusAfterBootstrap({ ...options, aggregate: 'median' })
    ).intervals([0]);
    expect(mean.upper[0]).toBeGreaterThan(1e5);
    expect(median.upper[0]).toBeLessThan(20);
  });

  it('refuses a single model and an unknown aggregate', async () => {
    const data = { x: [1, 2, 3], y: [1, 2, 3], fit: fitMean, key: key(0), alpha: 0.2 };
    await expect(jackknifePlusAfterBootstrap({ ...data, models: 1 })).rejects.toThrow(
      'models is 1, expected an integer',
    );
    await expect(jackknifePlusAfterBootstrap({ ...data, aggregate: 'max' as never })).rejects.toThrow(
      'aggregate is "max"',
    );
  });
});
