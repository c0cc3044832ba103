import { describe, expect, it } from 'vitest';
import { multislerp } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('multislerp', () => {
  it('has the mean direction and the mean length', async () => {
    const models = [dict({ w: [4, 0, 0] }), dict({ w: [0, 2, 0] }), dict({ w: [0, 0, 3] })];
    const { w } = await values(await multislerp(models));
    // All three axes alike, of length (4 + 2 + 3) / 3.
    w!.forEach((value) => expect(value).toBeCloseTo(3 / Math.sqrt(3), 6));
  });

  it('weighs models', async () => {
    const { w } = await values(
      await multislerp([dict({ w: [1, 0] }), dict({ w: [0, 1] })], {
        weights: [3, 4],
        normalizeWeights: false,
      }),
    );
    // Direction (3, 4) / 5, length 3 + 4.
    expect(w![0]).toBeCloseTo(4.2, 6);
    expect(w![1]).toBeCloseTo(5.6, 6);
  });

  it('is the weighted sum where two models cancel', async () => {
    const merged = await multislerp([dict({ w: [1, 0] }), dict({ w: [-1, 0] })]);
    expect(await values(merged)).toEqual({ w: [0, 0] });
  });

  it('refuses three that cancel, by name', async () => {
    const models = [dict({ w: [2] }), dict({ w: [-1] }), dict({ w: [-3] })];
    await expect(multislerp(models, { weights: [2, 1, 1] })).rejects.toThrow(
      'multislerp: "w": expected models whose weighted directions have a mean, received models that cancel each other',
    );
  });

  it('gives zeros for zeros', async () => {
    expect(await values(await multislerp([dict({ w: [0] }), dict({ w: [0] }), dict({ w: [0] })]))).toEqual({
      w: [0],
    });
  });

  it('refuses a single model and weights that sum to 0', async () => {
    const a = dict({ w: [1] });
    await expect(multislerp([a])).rejects.toThrow('multislerp: expected at least two models, received 1');
    await expect(multislerp([a, a], { weights: [1, -1] })).rejects.toThrow(
      'expected weights whose sum is not 0',
    );
  });
});
