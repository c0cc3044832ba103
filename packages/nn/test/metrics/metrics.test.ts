import { tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  auc,
  calibrationError,
  confusionMatrix,
  f1Score,
  perplexity,
  topKAccuracy,
} from '../../src/index.js';
import { expectClose } from '../helpers.js';
import golden from '../golden/losses.json' with { type: 'json' };

const { metrics } = golden;
const scores = tensor(metrics.scores);
const labels = tensor(Int32Array.from(metrics.labels));

describe('metrics', () => {
  it('agree with scikit-learn and with their formulas in numpy', async () => {
    expect(accuracy(scores, labels).item()).toBeCloseTo(metrics.accuracy, 6);
    expectClose(
      [1, 2, 3, 4].map((k) => topKAccuracy(scores, labels, k).item()),
      metrics.topK,
      1e-6,
    );
    expect(perplexity(scores, labels).item()).toBeCloseTo(metrics.perplexity, 4);
    expect(await confusionMatrix(scores, labels)).toEqual(metrics.confusion);
    for (const average of ['macro', 'weighted', 'micro'] as const) {
      expect(await f1Score(scores, labels, { average })).toBeCloseTo(metrics.f1[average], 10);
    }
    expect(await auc(scores, labels)).toBeCloseTo(metrics.aucMany, 6);
    const two = tensor(metrics.scores.map((row) => row.slice(0, 2)));
    expect(await auc(two, tensor(Int32Array.from(metrics.twoLabels)))).toBeCloseTo(metrics.aucTwo, 6);
    expect(await calibrationError(scores, labels, { bins: 10 })).toBeCloseTo(metrics.calibration, 6);
  });

  it('can be done by hand', async () => {
    const answers = tensor([
      [2, 0],
      [2, 0],
      [0, 2],
    ]);
    const truth = tensor(Int32Array.of(0, 1, 1));
    expect(await confusionMatrix(answers, truth)).toEqual([
      [1, 0],
      [1, 1],
    ]);
    // F1 of class 0: 2/(2+1); of class 1: 2/(2+1).
    expect(await f1Score(answers, truth)).toBeCloseTo(2 / 3, 12);
    // Of the two pairs of a positive and a negative one is tied, one in order.
    expect(await auc(answers, truth)).toBeCloseTo(0.75, 12);
    const p = Math.exp(2) / (Math.exp(2) + 1);
    expect(await calibrationError(answers, truth)).toBeCloseTo(p - 2 / 3, 6);
    expect(topKAccuracy(tensor([[1, 1, 0]]), tensor(Int32Array.of(1)), 1).item()).toBe(0);
    expect(topKAccuracy(tensor([[1, 1, 0]]), tensor(Int32Array.of(1)), 2).item()).toBe(1);
    expect(perplexity(tensor([[5, 5, 5]]), tensor(Int32Array.of(2))).item()).toBeCloseTo(3, 5);
  });

  it('ignore classes that never occur in the macro mean, as scikit-learn does', async () => {
    expect(
      await f1Score(
        tensor([
          [1, 0, 0],
          [0, 1, 0],
        ]),
        tensor(Int32Array.of(0, 1)),
      ),
    ).toBe(1);
  });

  it('refuse what cannot be measured, in one sentence', async () => {
    const truth = tensor(Int32Array.of(1, 1));
    await expect(
      auc(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        truth,
      ),
    ).rejects.toThrow('auc: expected examples with and without label 1, received 2 of 2 with it');
    await expect(confusionMatrix(tensor([[1, 2]]), tensor(Int32Array.of(2)))).rejects.toThrow(
      'confusionMatrix: expected labels from 0 to 1, received 2 in row 0',
    );
    await expect(f1Score(tensor([[1, NaN]]), tensor(Int32Array.of(0)))).rejects.toThrow(
      'expected scores, received NaN in row 0',
    );
    await expect(f1Score(scores, labels, { average: 'binary' as 'macro' })).rejects.toThrow(
      'f1Score: expected average macro, weighted or micro, received "binary"',
    );
    await expect(calibrationError(tensor([[1, 2]]), truth)).rejects.toThrow('received [1, 2] and [2]');
    await expect(calibrationError(scores, labels, { bins: 0 })).rejects.toThrow(
      'expected bins to be a whole number of at least 1, received 0',
    );
    expect(() => topKAccuracy(scores, labels, 0)).toThrow(
      'topKAccuracy: expected k to be a whole number of at least 1, received 0',
    );
  });
});
