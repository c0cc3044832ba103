import { tensor } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { meanSquaredError } from '../../src/index.js';
import golden from '../golden/losses.json' with { type: 'json' };
import { expectClose } from '../helpers.js';

it('averages squared differences', () => {
  expect(meanSquaredError(tensor([1, 2]), tensor([3, 2])).item()).toBe(2);
  expectClose(meanSquaredError(tensor(golden.a), tensor(golden.b)), golden.meanSquaredError, 1e-6);
  expectClose(meanSquaredError(tensor([1, 2]), tensor([3, 2]), { reduction: 'none' }), [4, 0], 0);
});

it('refuses targets that would be broadcast', () => {
  expect(() => meanSquaredError(tensor([[1], [2]]), tensor([1, 2]))).toThrow(
    'meanSquaredError: expected targets of shape [2, 1], received [2]',
  );
});
