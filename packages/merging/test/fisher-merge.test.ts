import { mapTensors } from '@weightloom/state-dict';
import { onesLike, zerosLike } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { fisherMerge, linear, uniformSoup } from '../src/index.js';
import golden from './golden/fisher.json' with { type: 'json' };
import { dict, digest, values } from './helpers.js';

const models = golden.models.map(dict);
const fishers = golden.exact.map(dict);
const { weights } = golden;
const ones = models.map((model) => mapTensors(model, onesLike));
const none = models.map((model) => mapTensors(model, zerosLike));

describe('fisherMerge', () => {
  it('averages by Fisher information', async () => {
    const [a, b] = [dict({ w: [0, 1] }), dict({ w: [4, 5] })];
    // (3·0 + 1·4) / 4 = 1, (1·1 + 3·5) / 4 = 4
    const merged = await fisherMerge([a, b], [dict({ w: [3, 1] }), dict({ w: [1, 3] })], { epsilon: 0 });
    expect(await values(merged)).toEqual({ w: [1, 4] });
  });

  it.each([
    ['merged', {}],
    ['normalized', { normalize: true, epsilon: 1e-3 }],
  ] as const)('gives what numpy gives: %s', async (name, options) => {
    const merged = await values(await fisherMerge(models, fishers, { weights, ...options }));
    for (const [tensor, expected] of Object.entries(golden[name])) {
      (expected as number[]).flat(2).forEach((x, j) => expect(merged[tensor]![j]).toBeCloseTo(x, 5));
    }
  });

  it('is the mean, to the bit, where all are equally certain', async () => {
    expect(await digest(await fisherMerge(models, ones, { epsilon: 0 }))).toEqual(
      await digest(await uniformSoup(models)),
    );
  });

  it('is the weighted mean where nobody is certain', async () => {
    const expected = await values(await linear(models, { weights }));
    for (const epsilon of [0, 1e-6]) {
      const merged = await values(await fisherMerge(models, none, { weights, epsilon }));
      for (const [name, list] of Object.entries(expected)) {
        list.forEach((x, j) => expect(merged[name]![j]).toBeCloseTo(x, 6));
      }
    }
  });

  it('takes a weight from the only model that knows it', async () => {
    const [a, b] = models;
    const merged = await fisherMerge([a!, b!], [none[0]!, ones[1]!], {
      epsilon: 0,
    });
    expect(await digest(merged)).toEqual(await digest(b!));
  });

  it('refuses a single model, too few fishers, and weights out of range', async () => {
    await expect(fisherMerge(models.slice(1, 2), fishers.slice(1, 2))).rejects.toThrow(
      'fisherMerge: expected at least two models, received 1',
    );
    await expect(fisherMerge(models, fishers.slice(1))).rejects.toThrow(
      'fisherMerge: expected 3 fishers, one per model, received 2',
    );
    await expect(fisherMerge(models, fishers, { weights: [0, 0, 0] })).rejects.toThrow('sum is not 0');
    await expect(fisherMerge(models, fishers, { weights: [1, -0.5, 1] })).rejects.toThrow(
      'fisherMerge: expected the weight of models[1] to be a finite number of at least 0, received -0.5',
    );
  });

  it('names the tensor whose Fisher information is negative, not finite or of another shape', async () => {
    const pair = [dict({ w: [0, 1] }), dict({ w: [4, 5] })];
    const other = dict({ w: [1, 1] });
    await expect(fisherMerge(pair, [other, dict({ w: [1, -2] })])).rejects.toThrow(
      'fisherMerge: expected Fisher information of at least 0, received -2 in fishers[1] "w"[1]',
    );
    await expect(fisherMerge(pair, [other, dict({ w: [NaN, 1] })])).rejects.toThrow('fishers[1] "w"');
    await expect(fisherMerge(pair, [other, dict({ w: [1] })])).rejects.toThrow(
      'fisherMerge: fishers[1] "w": expected shape [2] as in models[0], received [1]',
    );
  });
});
