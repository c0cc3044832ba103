import { grad, tensor, type Tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { softmaxCrossEntropy, type SoftmaxCrossEntropyOptions } from '../../src/index.js';
import golden from '../golden/losses.json' with { type: 'json' };
import { expectClose } from '../helpers.js';

const logits = tensor(golden.logits);
const labels = tensor(Int32Array.from(golden.labels));
const soft = tensor(golden.soft);

describe('softmaxCrossEntropy', () => {
  it('is log 2 for two equal scores', () => {
    expect(softmaxCrossEntropy(tensor([[3, 3]]), tensor(Int32Array.of(1))).item()).toBeCloseTo(Math.LN2, 6);
  });

  const cases: [keyof typeof golden.crossEntropy, Tensor, SoftmaxCrossEntropyOptions][] = [
    ['plain', labels, {}],
    ['smooth', labels, { labelSmoothing: 0.1 }],
    ['soft', soft, {}],
    ['softSmooth', soft, { labelSmoothing: 0.2 }],
    ['ignore', labels, { ignoreLabel: 3 }],
    ['ignoreSmooth', labels, { ignoreLabel: 3, labelSmoothing: 0.1 }],
  ];
  it.each(cases)('agrees with PyTorch in value and gradient: %s', (name, targets, options) => {
    const { value, grad: slope } = golden.crossEntropy[name];
    expectClose(softmaxCrossEntropy(logits, targets, options), value, 1e-6);
    expectClose(grad((z: Tensor) => softmaxCrossEntropy(z, targets, options))(logits), slope, 1e-6);
  });

  it('keeps the loss of every example, or sums them', () => {
    expectClose(softmaxCrossEntropy(logits, labels, { reduction: 'none' }), golden.perExample, 1e-6);
    const total = golden.perExample.reduce((a, b) => a + b, 0);
    expectClose(softmaxCrossEntropy(logits, labels, { reduction: 'sum' }), total, 1e-6);
  });

  it('takes any number of leading axes', () => {
    const cube = tensor(new Float32Array(golden.logits.flat()), [2, 2, 5]);
    const two = tensor(Int32Array.from(golden.labels), [2, 2]);
    expectClose(softmaxCrossEntropy(cube, two), golden.crossEntropy.plain.value, 1e-6);
  });

  it('is finite for scores that are -Infinity elsewhere, and gives 0 when every label is ignored', () => {
    expect(softmaxCrossEntropy(tensor([[0, -Infinity]]), tensor(Int32Array.of(0))).item()).toBe(0);
    expect(softmaxCrossEntropy(logits, tensor(new Int32Array(4).fill(9)), { ignoreLabel: 9 }).item()).toBe(0);
  });

  it('refuses labels out of range, other shapes, dtypes and smoothing', () => {
    expect(() => softmaxCrossEntropy(logits, tensor(Int32Array.of(0, 1, 2, 5))).item()).toThrow(
      'expected indices from 0 to 4, received another one at position 3',
    );
    expect(() => softmaxCrossEntropy(logits, tensor(Int32Array.of(0, 1)))).toThrow(
      'softmaxCrossEntropy: expected labels of shape [4] for logits [4, 5], received [2]',
    );
    expect(() => softmaxCrossEntropy(logits, tensor([0, 1, 2, 3]))).toThrow(
      'expected distributions of shape [4, 5]',
    );
    expect(() => softmaxCrossEntropy(logits, labels, { labelSmoothing: 1 })).toThrow(
      'softmaxCrossEntropy: expected labelSmoothing from 0 to below 1, received 1',
    );
    expect(() => softmaxCrossEntropy(logits, soft, { ignoreLabel: 1 })).toThrow(
      'int32 labels with ignoreLabel',
    );
  });
});
