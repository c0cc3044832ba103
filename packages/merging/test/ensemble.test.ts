import type { StateDict } from '@weightloom/state-dict';
import { mul, reshape, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { ensemble, greedyEnsemble } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

/** Logits `[n, 2]`: the inputs times a weight for each class. */
const apply = (params: StateDict, inputs: Tensor): Tensor => mul(reshape(inputs, [-1, 1]), params.w!);
const models = [dict({ w: [0, 2] }), dict({ w: [4, 0] })];
const inputs = tensor([1, -1]);

describe('ensemble', () => {
  it('averages logits', async () => {
    expect(await numbers(ensemble(apply, models)(inputs))).toEqual([2, 1, -2, -1]);
  });

  it('averages probabilities when told to', async () => {
    const mean = await numbers(ensemble(apply, models, { of: 'probabilities' })(tensor([1])));
    // softmax([0, 2]) = [0.1192029, 0.8807971], softmax([4, 0]) = [0.9820138, 0.0179862]
    expect(mean[0]).toBeCloseTo((0.1192029 + 0.9820138) / 2, 6);
    expect(mean[1]).toBeCloseTo((0.8807971 + 0.0179862) / 2, 6);
  });

  it('weighs models, and divides by the sum of the weights', async () => {
    expect(await numbers(ensemble(apply, models, { weights: [3, 1] })(tensor([1])))).toEqual([1, 1.5]);
  });

  it('averages by label where models have theirs in other places', async () => {
    const labels = [
      ['cat', 'dog'],
      ['dog', 'cat'],
    ];
    // Logits of models[1] for cat and dog are 0 and 4.
    expect(await numbers(ensemble(apply, models, { labels })(tensor([1])))).toEqual([0, 3]);
    const more = [models[0]!, dict({ w: [7, 1, 5] })];
    const options = { labels: [['cat', 'dog'], [3, 'dog', 'horse']], keep: 'common' } as const; // prettier-ignore
    expect(await numbers(ensemble(apply, more, options)(tensor([1])))).toEqual([1.5]);
  });

  it('refuses labels that do not fit', () => {
    const two = (...second: (string | number)[]) => ({ labels: [['cat', 'dog'], second] });
    expect(() => ensemble(apply, models, { labels: [['cat', 'dog']] })).toThrow(
      'ensemble: expected 2 lists of labels, one per model, received 1',
    );
    expect(() => ensemble(apply, models, two('dog', 'cow'))).toThrow(
      `ensemble: expected the labels of models[0] for models[1], received 2 labels without "cat" and with "cow" besides; keep: 'common' keeps those that all models have`,
    );
    expect(() => ensemble(apply, models, two('dog', 'dog'))).toThrow(
      'ensemble: expected each label once, received "dog" at 0 and 1 of labels[1]',
    );
    expect(() => ensemble(apply, models, { ...two('cow', 'horse'), keep: 'common' })).toThrow(
      'ensemble: expected labels that all models have, received none',
    );
    const averaged = ensemble(apply, models, { ...two('cat', 'dog', 'cow'), keep: 'common' });
    expect(() => averaged(inputs)).toThrow(
      'ensemble: models[1]: expected 3 outputs, one for each of its labels, received [2, 2]',
    );
  });

  it('refuses an empty list, an unknown kind and outputs that do not fit', () => {
    expect(() => ensemble(apply, [])).toThrow('ensemble: expected at least one model, received none');
    expect(() => ensemble(apply, models, { of: 'votes' as 'logits' })).toThrow(
      'ensemble: expected of to be "logits" or "probabilities", received votes',
    );
    expect(() => ensemble(apply, [models[0]!, dict({ w: [1, 2, 3] })])(inputs)).toThrow(
      'ensemble: models[1]: expected outputs of shape [2, 2] as of models[0], received [2, 3]',
    );
  });
});

describe('greedyEnsemble', () => {
  it('adds models best first and keeps those that help', async () => {
    const singles = [dict({ w: [10] }), dict({ w: [2] }), dict({ w: [5] })];
    const evaluate = async (members: readonly StateDict[]) => {
      const all = await Promise.all(members.map(values));
      return -Math.abs(all.reduce((sum, { w }) => sum + w![0]!, 0) / all.length - 3);
    };
    // The means are 2, then 3.5 with 5, then 17/3 with 10.
    const chosen = await greedyEnsemble(singles, { evaluate });
    expect(chosen).toEqual({ members: [1, 2], score: -0.5, scores: [-7, -1, -2] });
  });

  it('refuses a score that is NaN', async () => {
    await expect(greedyEnsemble(models, { evaluate: () => NaN })).rejects.toThrow(
      'greedyEnsemble: expected a number as the score of models[0], received NaN',
    );
  });
});
