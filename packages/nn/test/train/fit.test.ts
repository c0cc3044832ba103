import { copy, dispose, key, memory, tensor, type Tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  constantSchedule,
  type Dataset,
  DivergedError,
  evaluate,
  fit,
  type FitOptions,
  loadDigits,
  meanSquaredError,
  mlp,
  type Progress,
  sgd,
  softmaxCrossEntropy,
} from '../../src/index.js';
import { dict } from '../helpers.js';

/** y = 2x - 1 at four points. */
const line: Dataset = { inputs: tensor([[0], [1], [2], [3]]), targets: tensor([[-1], [1], [3], [5]]) };
const regression: FitOptions = {
  model: mlp({ sizes: [1, 1] }),
  loss: meanSquaredError,
  data: line,
  optimizer: sgd({ learningRate: 0.1 }),
  key: key(0),
  steps: 400,
  batchSize: 4,
};
const bytesOf = (params: Record<string, Tensor>): number[] =>
  Object.keys(params)
    .sort()
    .flatMap((name) => [...params[name].dataSync()]);

describe('fit', () => {
  it('takes one step of gradient descent as one can do by hand', async () => {
    const params = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0] });
    const result = await fit({ ...regression, params, steps: 1 });
    // errors x - (2x - 1) = 1, 0, -1, -2: loss 6/4, slope 2·(0 + 0 - 2 - 6)/4 = -4 and 2·(1 + 0 - 1 - 2)/4 = -1
    expect(result.losses).toEqual([1.5]);
    expect(bytesOf(result.params).map((x) => Math.round(x * 1e6) / 1e6)).toEqual([0.1, 1.4]);
  });

  it('finds a line, and leaves the weights it started from alone', async () => {
    const params = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0] });
    const { params: found, history, losses, backend } = await fit({ ...regression, params });
    expect(found['layers.0.weight'].item()).toBeCloseTo(2, 4);
    expect(found['layers.0.bias'].item()).toBeCloseTo(-1, 4);
    expect(bytesOf(params)).toEqual([0, 1]);
    expect(losses).toHaveLength(400);
    expect(history).toHaveLength(400);
    expect(backend.name).toBe('wasm');
  });

  it('reaches 95 % on held-out digits in ten epochs', async () => {
    const { train, validation, test } = await loadDigits();
    const model = mlp({ sizes: [64, 128, 10] });
    const metrics = { loss: softmaxCrossEntropy, accuracy };
    const { params, history } = await fit({
      model,
      loss: softmaxCrossEntropy,
      data: train,
      validation,
      metrics,
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      epochs: 10,
      key: key(1),
    });
    expect(history.map((h) => h.step)).toEqual(Array.from({ length: 10 }, (_, i) => 20 * (i + 1)));
    expect(history[9].loss).toBeLessThan(history[0].loss / 5);
    expect(history[9].validation!.accuracy).toBeGreaterThan(0.93);
    const measured = await evaluate({ model, params, data: test, metrics });
    expect(measured.accuracy).toBeGreaterThan(0.95);
    expect(measured.loss).toBeLessThan(0.2);
  });

  it('gives the same bits for the same key and others for another', async () => {
    const { train } = await loadDigits();
    const run = (seed: number) =>
      fit({
        model: mlp({ sizes: [64, 8, 10] }),
        loss: softmaxCrossEntropy,
        data: train,
        optimizer: sgd({ learningRate: 0.1 }),
        epochs: 2,
        key: key(seed),
      });
    const [one, again, other] = [await run(1), await run(1), await run(2)];
    expect(bytesOf(one.params)).toEqual(bytesOf(again.params));
    expect(one.losses).toEqual(again.losses);
    expect(bytesOf(one.params)).not.toEqual(bytesOf(other.params));
  });

  it('uses every row once an epoch, whatever the batch size', async () => {
    // With rate 0 the mean loss of an epoch of batches 3 and 1 tells which rows were used.
    const params = dict({ 'layers.0.weight': [[0]], 'layers.0.bias': [0] });
    const idle = {
      ...regression,
      params,
      schedule: constantSchedule(0),
      steps: undefined,
      epochs: 5,
      batchSize: 3,
    };
    const { losses } = await fit(idle);
    expect(losses).toHaveLength(10);
    for (let epoch = 0; epoch < 5; epoch++) {
      expect(losses[2 * epoch] * 3 + losses[2 * epoch + 1]).toBeCloseTo(1 + 1 + 9 + 25, 4);
    }
    expect((await fit({ ...idle, dropLast: true })).losses).toHaveLength(5);
    expect((await fit({ ...idle, shuffle: false })).losses[0]).toBeCloseTo(11 / 3, 5);
  });

  it('trains only the weights named trainable', async () => {
    const params = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0.5] });
    const result = await fit({
      ...regression,
      params,
      steps: 3,
      trainable: (name) => name.endsWith('weight'),
    });
    expect(result.params['layers.0.bias'].item()).toBe(0.5);
    expect(result.params['layers.0.weight'].item()).not.toBe(1);
  });

  it('stops a diverging run and names the first step without a finite loss', async () => {
    const params = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0] });
    const wild = { ...regression, params, optimizer: sgd({ learningRate: 1e10 }) };
    const error = await fit(wild).catch((e: unknown) => e);
    expect(DivergedError.isInstance(error)).toBe(true);
    // The error grows by about 1e10 a step and its square by 1e20: 1, 1e20, then beyond 3.4e38.
    expect((error as DivergedError).step).toBe(2);
    expect((error as Error).message).toMatch(/^fit: expected a finite loss, received Infinity at step 2/);
  });

  it('stops between two steps when aborted, with the reason of the signal', async () => {
    const stop = new AbortController();
    const seen: Progress[] = [];
    const run = fit({
      ...regression,
      steps: 1e6,
      signal: stop.signal,
      onProgress: (progress) => {
        seen.push(progress);
        stop.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toHaveLength(1);
    await expect(fit({ ...regression, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('reports progress that grows and ends at the total', async () => {
    const seen: Progress[] = [];
    await fit({ ...regression, onProgress: (progress) => seen.push(progress) });
    const done = seen.map((p) => p.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({
      done: 400,
      total: 400,
      label: expect.stringMatching(/^epoch 400\/400, loss /),
    });
  });

  it('keeps memory constant over many steps, and gives it back when it fails', async () => {
    const start = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0] });
    const used = async (steps: number): Promise<number> => {
      const before = memory().used;
      const { params } = await fit({ ...regression, params: start, steps });
      dispose(params);
      return memory().used - before;
    };
    await used(10);
    // One scalar kept per step would be 2000 · 64 bytes.
    expect(await used(2000)).toBeLessThan(64_000);
    const params = copy(start);
    const before = memory().used;
    await fit({ ...regression, params, optimizer: sgd({ learningRate: 1e10 }) }).catch(() => undefined);
    expect(memory().used - before).toBeLessThan(64_000);
    expect(params['layers.0.weight'].item()).toBe(1);
  });

  it('refuses contradictory or missing options in one sentence', async () => {
    await expect(fit({ ...regression, epochs: 1 })).rejects.toThrow(
      'fit: expected either epochs or steps, received both',
    );
    await expect(fit({ ...regression, steps: undefined })).rejects.toThrow(
      'fit: expected either epochs or steps, received neither',
    );
    await expect(fit({ ...regression, steps: 0 })).rejects.toThrow(
      'fit: expected steps to be a whole number of at least 1, received 0',
    );
    await expect(fit({ ...regression, batchSize: 0.5 })).rejects.toThrow(
      'fit: expected batchSize to be a whole number',
    );
    await expect(fit({ ...regression, model: { apply: regression.model.apply } })).rejects.toThrow(
      'fit: expected params, or a model with init, received neither',
    );
    await expect(fit({ ...regression, data: { inputs: line.inputs, targets: tensor([1]) } })).rejects.toThrow(
      'received [4, 1] and [1]',
    );
  });
});
