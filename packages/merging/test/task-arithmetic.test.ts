import { describe, expect, it } from 'vitest';
import { taskArithmetic } from '../src/index.js';
import { dict, values } from './helpers.js';

const base = dict({ w: [1, 1, 1] });
const a = dict({ w: [2, 1, 0] });
const b = dict({ w: [1, 3, 3] });

describe('taskArithmetic', () => {
  it('adds the changes of all models', async () => {
    expect(await values(await taskArithmetic(base, [a, b]))).toEqual({ w: [2, 3, 2] });
  });

  it('forgets with a negative weight', async () => {
    expect(await values(await taskArithmetic(base, [a], { weights: [-1] }))).toEqual({ w: [0, 1, 2] });
  });

  it('scales by lambda, and divides by the weights when normalize is set', async () => {
    const merged = await taskArithmetic(base, [a, b], { weights: [1, 3], lambda: 2, normalize: true });
    // Change (1·(1, 0, -1) + 3·(0, 2, 2)) / 4 · 2.
    expect(await values(merged)).toEqual({ w: [1.5, 4, 3.5] });
  });

  it('refuses models of another shape, naming tensor, model and both shapes', async () => {
    await expect(taskArithmetic(base, [a, dict({ w: [1, 2] })])).rejects.toThrow(
      'taskArithmetic: models[1] "w": expected shape [3] as in base, received [2]',
    );
  });
});
