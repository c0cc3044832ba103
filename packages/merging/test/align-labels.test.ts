import { mlp } from '@weightloom/nn';
import { cast, key, normal } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { alignLabels, diagonalFisher, ensemble, fisherMerge, uniformSoup, wiseFt } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const a = dict({ body: [[5, 6]], 'head.weight': [[1, 1], [2, 2], [3, 3]], 'head.bias': [1, 2, 3] }); // prettier-ignore
const b = dict({ body: [[7, 8]], 'head.weight': [[30, 30], [10, 10], [20, 20]], 'head.bias': [30, 10, 20] }); // prettier-ignore
const heads = ['head.weight', 'head.bias'];
const labels = [
  ['cat', 'dog', 'cow'],
  ['cow', 'cat', 'dog'],
];

describe('alignLabels', () => {
  it('puts the rows of heads in the order of the first model, and leaves the rest', async () => {
    const aligned = alignLabels([a, b], { labels, heads });
    expect(aligned.labels).toEqual(['cat', 'dog', 'cow']);
    expect(await values(aligned.models[0]!)).toEqual(await values(a));
    expect(await values(aligned.models[1]!)).toEqual({
      body: [7, 8],
      'head.weight': [10, 10, 20, 20, 30, 30],
      'head.bias': [10, 20, 30],
    });
  });

  it('keeps what all models know when told to', async () => {
    const c = dict({ body: [[0, 0]], 'head.weight': [[9, 9], [8, 8]], 'head.bias': [9, 8] }); // prettier-ignore
    const aligned = alignLabels([a, c], { labels: [labels[0]!, ['cow', 'cat']], heads, keep: 'common' });
    expect(aligned.labels).toEqual(['cat', 'cow']);
    expect((await values(aligned.models[0]!))['head.bias']).toEqual([1, 3]);
    expect((await values(aligned.models[1]!))['head.bias']).toEqual([8, 9]);
    expect((await values(await uniformSoup(aligned.models)))['head.bias']).toEqual([4.5, 6]);
  });

  it('keeps storage dtypes', () => {
    const stored = { ...a, 'head.bias': cast(a['head.bias']!, 'bfloat16') };
    const [model] = alignLabels([stored], { labels: [labels[0]!], heads }).models;
    expect(model!['head.bias']!.dtype).toBe('bfloat16');
  });

  it('makes a model with shuffled classes the same function again, and its Fisher information with it', async () => {
    const model = mlp({ sizes: [4, 5, 3] });
    const params = model.init(key(1));
    const inputs = normal(key(2), [6, 4]);
    const order = [[0, 1, 2], [2, 0, 1]]; // prettier-ignore
    const options = { labels: order, heads: ['layers.1.weight', 'layers.1.bias'] };
    // The inverse: rows of the first in the order of the second.
    const [shuffled] = alignLabels([params, params], {
      ...options,
      labels: [order[1]!, order[0]!],
    }).models.slice(1);
    const { models } = alignLabels([params, shuffled!], options);
    const expected = await numbers(model.apply(params, inputs));
    expect(await numbers(model.apply(await uniformSoup(models), inputs))).toEqual(expected);
    const { apply } = model;
    const fishers = await Promise.all(
      [params, shuffled!].map((p) => diagonalFisher({ params: p, apply, inputs })),
    );
    const merged = await fisherMerge(models, alignLabels(fishers, options).models);
    (await numbers(model.apply(merged, inputs))).forEach((value, k) =>
      expect(value).toBeCloseTo(expected[k]!, 5),
    );
    expect(await numbers(ensemble(apply, [params, shuffled!], { labels: order })(inputs))).toEqual(expected);
  });

  it('refuses what does not fit', () => {
    expect(() => alignLabels([], { labels: [], heads })).toThrow('alignLabels: expected at least one model');
    expect(() => alignLabels([a, b], { labels: [['cat', 'dog', 'cow']], heads })).toThrow(
      'alignLabels: expected 2 lists of labels, one per model, received 1',
    );
    expect(() => alignLabels([a, b], { labels, heads: ['head.wieght'] })).toThrow(
      'alignLabels: expected the head "head.wieght" in models[0], received none; did you mean "head.weight"?',
    );
    expect(() => alignLabels([a, b], { labels: [labels[0]!, ['cow', 'cat']], heads })).toThrow(
      'alignLabels: models[1] "head.weight": expected 2 rows, one for each of its labels, received [3, 2]',
    );
    expect(() => alignLabels([a, b], { labels: [labels[0]!, ['cow', 'cat', 'hen']], heads })).toThrow(
      'alignLabels: expected the labels of models[0] for models[1], received 3 labels without "dog" and with "hen" besides',
    );
    expect(() => alignLabels([a], { labels: [labels[0]!], heads, keep: 'some' as 'all' })).toThrow(
      'alignLabels: expected keep to be "all" or "common", received some',
    );
  });
});

describe('methods given heads of other label spaces', () => {
  const small = dict({ body: [[7, 8]], 'head.weight': [[1, 1], [2, 2]], 'head.bias': [1, 2] }); // prettier-ignore
  it.each([
    ['uniformSoup: models[1]', () => uniformSoup([a, small])],
    ['wiseFt: fineTuned', () => wiseFt(a, small)],
    ['fisherMerge: models[1]', () => fisherMerge([a, small], [a, small])],
  ])('%s names both heads and what to do', async (where, merge) => {
    await expect(merge()).rejects.toThrow(where);
    await expect(merge()).rejects.toThrow(
      'if "head.weight", "head.bias" are heads for 3 and 2 labels, bring them to one label space first',
    );
  });
});
