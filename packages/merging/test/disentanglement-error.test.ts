import { mul, stack, sum, type Tensor, tensor, zerosLike } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { type ApplyFunction, disentanglementError } from '../src/index.js';
import { dict } from './helpers.js';

/** Two classes: the sign of `w · x`. */
const apply: ApplyFunction = ({ w }, x) => {
  const score = sum(mul(x, w!), { axis: 1 });
  return stack([zerosLike(score), score], 1);
};
const base = dict({ w: [0, 0] });
const [first, second] = [dict({ w: [1, 0] }), dict({ w: [0, 1] })];
const xs = (...rows: number[][]): Tensor => tensor(rows);

describe('disentanglementError', () => {
  it('is 0 where each task reads weights of its own', async () => {
    const { alphas, errors } = await disentanglementError({
      apply,
      base,
      models: [first, second],
      inputs: [xs([1, 0], [-2, 0]), xs([0, 3])],
    });
    expect(alphas).toEqual([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]);
    expect(errors.flat().every((e) => e === 0)).toBe(true);
  });

  it('counts the answers that change', async () => {
    const { errors } = await disentanglementError({
      apply,
      base,
      models: [first, second],
      // Of the first task's answers with (1, 0), +1 and +3, the second's vector turns the first around: 1 - 2 < 0 < 3 - 2.
      // The second task does not see the first's weight.
      inputs: [xs([1, -2], [3, -2]), xs([0, 1])],
      alphas: [0, 1],
    });
    expect(errors).toEqual([
      [0, 0], // (0, 1): w·x = -2 for both, not above 0 either way
      [0, 0.5],
    ]);
  });

  it('refuses no coefficients, infinite ones, and models that do not fit', async () => {
    const options = {
      apply,
      base,
      models: [first, second] as const,
      inputs: [xs([1, 0]), xs([0, 1])] as const,
    };
    await expect(disentanglementError({ ...options, alphas: [] })).rejects.toThrow(
      'at least one coefficient',
    );
    await expect(disentanglementError({ ...options, alphas: [1, Infinity] })).rejects.toThrow(
      'disentanglementError: expected alphas[1] to be a finite number, received Infinity',
    );
    await expect(disentanglementError({ ...options, models: [first, dict({ w: [1] })] })).rejects.toThrow(
      'disentanglementError: models[1] "w": expected shape [2] as in the base, received [1]',
    );
  });
});
