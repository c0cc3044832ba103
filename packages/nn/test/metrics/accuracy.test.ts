import { tensor } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { accuracy } from '../../src/index.js';

it('counts rows whose largest score is at the label', () => {
  const scores = tensor([
    [1, 2],
    [3, 0],
    [0, 0],
    [0, 1],
  ]);
  expect(accuracy(scores, tensor(Int32Array.of(1, 0, 0, 0))).item()).toBe(0.75);
});

it('refuses labels of another shape', () => {
  expect(() => accuracy(tensor([[1, 2]]), tensor(Int32Array.of(1, 0)))).toThrow(
    'accuracy: expected labels of shape [1], received [2]',
  );
});
