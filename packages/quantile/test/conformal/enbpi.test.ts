import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { enbPi, enbPiIntervals, enbPiUpdate } from '../../src/conformal/enbpi.js';

const fitMean = (_rows: readonly number[], y: Float64Array) => {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  return (rows: readonly number[]) => rows.map(() => mean);
};

describe('enbPiIntervals', () => {
  it('takes the narrowest pair of residual quantiles that are ⌈(1 - α)n⌉ places apart', () => {
    // Sorted -10, 0, 1, 2, 3; ⌈0.6 · 5⌉ = 3 places apart: (-10, 2) or (0, 3).
    const state = { alpha: 0.4, residuals: [3, -10, 2, 0, 1] };
    const { lower, upper } = enbPiIntervals(state, [100]);
    expect([lower[0], upper[0]]).toEqual([100, 103]);
  });

  it('slides the window: the oldest residuals leave', () => {
    const state = enbPiUpdate({ alpha: 0.4, residuals: [1, 2, 3] }, [10, 10], [14, 15]);
    expect(state.residuals).toEqual([3, 4, 5]);
  });
});

describe('enbPi', () => {
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const targets = rows.map((i) => Math.sin(i) * 3);

  it('samples blocks of neighbouring rows', async () => {
    const samples: number[][] = [];
    const fit = (some: readonly number[], y: Float64Array) => {
      samples.push([...some]);
      return fitMean(some, y);
    };
    await enbPi({ x: rows, y: targets, fit, models: 5, blockLength: 8, key: key(2), alpha: 0.1 });
    for (const some of samples)
      some.forEach((row, i) => {
        if (i % 8 > 0) expect(row).toBe(some[i - 1]! + 1);
      });
  });

  it('goes on from its state with stored predictions as with its own models', async () => {
    const fitted = await enbPi({ x: rows, y: targets, fit: fitMean, key: key(4), alpha: 0.2 });
    const state = JSON.parse(JSON.stringify(fitted.state()));
    const predictions = await fitted.predict([0, 0, 0]);
    await fitted.update([0, 0, 0], [50, 60, 70]);
    const later = enbPiUpdate(state, predictions, [50, 60, 70]);
    expect(later).toEqual(fitted.state());
    expect(enbPiIntervals(later, await fitted.predict([1]))).toEqual(await fitted.intervals([1]));
  });

  it('lists the rows that every sample contained and refuses when that is all of them', async () => {
    const all = { x: rows, y: targets, fit: fitMean, models: 2, blockLength: 40, key: key(1), alpha: 0.1 };
    await expect(enbPi(all)).rejects.toThrow('enbPi: every bootstrap sample contains every row');
    const some = await enbPi({ ...all, blockLength: 20 });
    expect(some.unseen.length + some.state().residuals.length).toBe(40);
  });

  it('refuses an empty window', () => {
    expect(() => enbPiIntervals({ alpha: 0.1, residuals: [] }, [0])).toThrow(
      'enbPiIntervals: residuals is empty',
    );
  });

  it('refuses a bad block length', async () => {
    const data = { x: rows, y: targets, fit: fitMean, key: key(1), alpha: 0.1 };
    await expect(enbPi({ ...data, blockLength: 41 })).rejects.toThrow(
      'blockLength is 41, expected an integer from 1 to the 40',
    );
  });
});
