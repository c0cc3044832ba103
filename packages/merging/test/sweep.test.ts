import { describe, expect, it } from 'vitest';
import { sweep, weightGrid } from '../src/index.js';
import { dict, values } from './helpers.js';

const merge = (x: number) => dict({ w: [x] });
const values0 = [0, 1, 2, 3];

describe('sweep', () => {
  it('keeps the model with the best score, of equal ones the first', async () => {
    const best = await sweep(values0, { merge, evaluate: (_, x) => -Math.abs(x - 1.5) });
    expect(best).toMatchObject({ value: 1, score: -0.5, scores: [-1.5, -0.5, -0.5, -1.5] });
    expect(await values(best.params)).toEqual({ w: [1] });
  });

  it('asks about the model that it made', async () => {
    const evaluate = async (params: ReturnType<typeof dict>) => (await values(params)).w![0]!;
    expect((await sweep(values0, { merge, evaluate })).value).toBe(3);
  });

  it('passes over what is ruled out by -Infinity', async () => {
    expect((await sweep(values0, { merge, evaluate: (_, x) => (x > 1 ? -Infinity : x) })).value).toBe(1);
    await expect(sweep(values0, { merge, evaluate: () => -Infinity })).rejects.toThrow(
      'sweep: expected a score above -Infinity, but every value was ruled out',
    );
  });

  it('refuses no values, and a score that is NaN', async () => {
    await expect(sweep([], { merge, evaluate: () => 1 })).rejects.toThrow('expected at least one value');
    await expect(sweep(values0, { merge, evaluate: (_, x) => (x === 2 ? NaN : x) })).rejects.toThrow(
      'sweep: expected a number as the score of values[2], received NaN',
    );
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('enough'));
    await expect(
      sweep(values0, { merge, evaluate: () => 1, onProgress, signal: stop.signal }),
    ).rejects.toThrow('enough');
  });
});

describe('weightGrid', () => {
  it('gives all weights that sum to 1', () => {
    expect(weightGrid(1, 3)).toEqual([[1]]);
    expect(weightGrid(2, 2)).toEqual([
      [0, 1],
      [0.5, 0.5],
      [1, 0],
    ]);
    expect(weightGrid(3, 4)).toHaveLength(15); // 6! / (4! 2!)
    for (const weights of weightGrid(3, 10)) expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it('refuses counts out of range', () => {
    expect(() => weightGrid(0, 3)).toThrow('weightGrid: expected count to be a whole number of at least 1');
    expect(() => weightGrid(10, 100)).toThrow('weightGrid: expected at most 1000000 combinations');
  });
});
