import { describe, expect, it } from 'vitest';
import { tiesMerge } from '../src/index.js';
import { dict, values } from './helpers.js';

const zeros = dict({ w: [0, 0, 0, 0] });

describe('tiesMerge', () => {
  it('averages only the changes that have the elected sign', async () => {
    const models = [dict({ w: [4, -1, 2, 0] }), dict({ w: [-1, -3, 0, 5] }), dict({ w: [2, 2, 0, -1] })];
    // Sums 5, -2, 2, 4 elect + - + +; agreeing are {4, 2}, {-1, -3}, {2}, {5}.
    expect(await values(await tiesMerge(zeros, models, { density: 1 }))).toEqual({ w: [3, -2, 2, 5] });
  });

  it('elects the sign by mass, not by the number of models', async () => {
    const models = [dict({ w: [9, 9, 9, 9] }), dict({ w: [-1, -1, -1, -1] }), dict({ w: [-2, -2, -2, -2] })];
    expect(await values(await tiesMerge(zeros, models, { density: 1 }))).toEqual({ w: [9, 9, 9, 9] });
  });

  it('keeps the largest changes of each model before the vote', async () => {
    const models = [dict({ w: [4, 3, 2, 1] }), dict({ w: [-1, 2, -3, 4] })];
    // Half of four: {4, 3} and {-3, 4}.
    expect(await values(await tiesMerge(zeros, models, { density: 0.5 }))).toEqual({ w: [4, 3, -3, 4] });
  });

  it('keeps the first of equal changes', async () => {
    const merged = await tiesMerge(zeros, [dict({ w: [1, -1, 1, -1] })], { density: 0.5 });
    expect(await values(merged)).toEqual({ w: [1, -1, 0, 0] });
  });

  it('gives one model its own way, whatever its weight', async () => {
    const model = dict({ w: [1, -2, 3, 0] });
    for (const weights of [[1], [0.25], [-3]]) {
      expect((await values(await tiesMerge(zeros, [model], { density: 1, weights }))).w).toEqual([
        1, -2, 3, 0,
      ]);
    }
    expect(
      (await values(await tiesMerge(zeros, [model], { density: 1, weights: [-3], normalize: false }))).w,
    ).toEqual([-3, 6, -9, 0]);
  });

  it('votes among any number of models alike', async () => {
    const two = [dict({ w: [4, -1, 2, 0] }), dict({ w: [-1, -3, 0, 5] })];
    const weights = [1.5, 0.5];
    // A third model without changes has no vote.
    const three = await tiesMerge(zeros, [...two, zeros], { density: 1, weights: [...weights, 7] });
    expect(await values(await tiesMerge(zeros, two, { density: 1, weights }))).toEqual(await values(three));
  });

  it('weighs changes in the vote and in the mean', async () => {
    const models = [dict({ w: [1, 1, 1, 1] }), dict({ w: [-3, 3, 0, 1] })];
    // Weighted changes (4, -3), (4, 3), (4, 0), (4, 1), divided by the weights 4, 5, 4, 5 that went in.
    const merged = await tiesMerge(zeros, models, { density: 1, weights: [4, 1] });
    expect((await values(merged)).w![1]).toBeCloseTo(7 / 5, 6);
    expect((await values(merged)).w!.filter((_, i) => i !== 1)).toEqual([1, 1, 1]);
  });

  it('sums instead of averaging when normalize is false, and scales by lambda', async () => {
    const models = [dict({ w: [1, 2, 3, 4] }), dict({ w: [1, 2, -1, -4] })];
    const merged = await tiesMerge(zeros, models, { density: 1, normalize: false, lambda: 0.5 });
    // Sums 2, 4, 2 elect +; 4 - 4 = 0 counts as +.
    expect(await values(merged)).toEqual({ w: [1, 2, 1.5, 2] });
  });

  it('takes the overall majority where votes cancel, when it trims the whole model', async () => {
    const models = [dict({ w: [1, -2, -3, 4] }), dict({ w: [1, -2, -1, -4] })];
    // Signs + - - and a tie: - wins.
    const merged = await tiesMerge(zeros, models, { density: 1, trim: 'model' });
    expect(await values(merged)).toEqual({ w: [1, -2, -2, -4] });
  });

  it('looks for the largest changes across tensors when it trims the whole model', async () => {
    const base = dict({ a: [0, 0], b: [0, 0] });
    const model = dict({ a: [5, 6], b: [1, -2] });
    expect(await values(await tiesMerge(base, [model], { density: 0.5, trim: 'model' }))).toEqual({
      a: [5, 6],
      b: [0, 0],
    });
    expect(await values(await tiesMerge(base, [model], { density: 0.5 }))).toEqual({ a: [0, 6], b: [0, -2] });
  });

  it('refuses densities outside (0, 1]', async () => {
    const models = [zeros, zeros];
    for (const density of [0, -0.1, 1.1, NaN]) {
      await expect(tiesMerge(zeros, models, { density })).rejects.toThrow(
        `tiesMerge: expected density to be above 0 and at most 1, received ${density}`,
      );
    }
    await expect(tiesMerge(zeros, models, { density: [0.5, 2] })).rejects.toThrow(
      'tiesMerge: expected density of models[1] to be above 0 and at most 1, received 2',
    );
    await expect(tiesMerge(zeros, models, { density: [0.5] })).rejects.toThrow(
      'tiesMerge: expected 2 values of density, one per model, received 1',
    );
  });
});
