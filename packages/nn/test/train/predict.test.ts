import { tensor } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { evaluate, meanSquaredError, mlp, predict } from '../../src/index.js';
import { dict } from '../helpers.js';

const model = mlp({ sizes: [1, 1] });
const params = dict({ 'layers.0.weight': [[2]], 'layers.0.bias': [1] });
const inputs = tensor([[0], [1], [2], [3], [4]]);

it('gives one output row an input row, whatever the batch size', async () => {
  for (const batchSize of [1, 2, 5, 100]) {
    const out = await predict({ model, params, inputs, batchSize });
    expect(out.shape).toEqual([5, 1]);
    expect([...out.dataSync()]).toEqual([1, 3, 5, 7, 9]);
  }
});

it('weighs the smaller last batch by its rows', async () => {
  const data = { inputs, targets: tensor([[1], [3], [5], [7], [14]]) };
  const { error } = await evaluate({
    model,
    params,
    data,
    metrics: { error: meanSquaredError },
    batchSize: 4,
  });
  expect(error).toBe(5);
});

it('refuses inputs without rows and stops when aborted', async () => {
  await expect(predict({ model, params, inputs: tensor([], [0, 1]) })).rejects.toThrow(
    'predict: expected inputs of shape [n, …] with n ≥ 1, received [0, 1]',
  );
  await expect(predict({ model, params, inputs, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
