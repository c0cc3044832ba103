import { describe, expect, it } from 'vitest';
import { sce } from '../src/index.js';
import { dict, values } from './helpers.js';

const zeros = dict({ w: [0, 0, 0, 0] });

describe('sce', () => {
  it('weighs models by the squares of their changes', async () => {
    const models = [dict({ w: [3, 3, 3, 3] }), dict({ w: [1, 1, 1, 1] })];
    // Squares 9 and 1: weights 0.9 and 0.1.
    const { w } = await values(await sce(zeros, models));
    w!.forEach((value) => expect(value).toBeCloseTo(0.9 * 3 + 0.1, 6));
  });

  it('erases the signs of the minority', async () => {
    const models = [dict({ w: [2, 2, 2, 2] }), dict({ w: [-1, -3, 2, 2] })];
    // Sums 1, -1, 4, 4: the first model has the first position, the second has the second.
    expect((await values(await sce(zeros, models))).w).toEqual([2, -3, 2, 2]);
  });

  it('keeps the positions of largest variance', async () => {
    const models = [dict({ w: [1, 5, 1, 2] }), dict({ w: [1, 1, 1, 1] })];
    // Variances 0, 4, 0, 1/4: half of two positions.
    const { w } = await values(await sce(zeros, models, { selectTopK: 0.5 }));
    expect(w!.filter((_, j) => j !== 1)).toEqual([0, 0, 0]);
    expect(w![1]).toBeCloseTo((25 * 5 + 1) / 26, 6);
  });

  it('counts all models alike where nothing changed', async () => {
    expect(await values(await sce(zeros, [zeros, zeros]))).toEqual({ w: [0, 0, 0, 0] });
  });

  it('refuses selectTopK outside (0, 1]', async () => {
    await expect(sce(zeros, [zeros], { selectTopK: 0 })).rejects.toThrow(
      'sce: expected selectTopK to be above 0',
    );
    await expect(sce(zeros, [zeros], { selectTopK: 2 })).rejects.toThrow('a number from 0 to 1, received 2');
  });
});
