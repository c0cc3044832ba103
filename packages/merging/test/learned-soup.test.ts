import { softmaxCrossEntropy, mlp } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { add, mul, square, sub, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { learnedSoup } from '../src/index.js';
import golden from './golden/learned-soup.json' with { type: 'json' };
import { dict, values } from './helpers.js';

interface Batch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
}

const model = mlp({ sizes: [5, 6, 3] });
const models = golden.models.map(dict);
const batches: Batch[] = golden.batches.map(({ inputs, targets }) => ({
  inputs: tensor(inputs),
  targets: tensor(Int32Array.from(targets)),
}));
const loss = (params: StateDict, { inputs, targets }: Batch, beta: Tensor): Tensor =>
  softmaxCrossEntropy(mul(model.apply(params, inputs), beta), targets);

/** The soup of `w` should be at `target`. */
const distance = (params: StateDict, target: Tensor): Tensor => sum(square(sub(params.w!, target)));

describe('learnedSoup', () => {
  it.each(['model', 'tensor'] as const)('takes the steps that torch takes, by %s', async (by) => {
    const soup = await learnedSoup(models, { loss, batches, by });
    const expected = golden[by];
    expect(Object.keys(soup.coefficients)).toEqual(Object.keys(expected.coefficients));
    for (const [group, coefficients] of Object.entries(expected.coefficients)) {
      // Ten steps of Adam in float32.
      coefficients.forEach((a, i) => expect(soup.coefficients[group]![i]).toBeCloseTo(a, 5));
    }
    expect(soup.beta).toBeCloseTo(expected.beta, 5);
    soup.losses.forEach((l, i) => expect(l).toBeCloseTo(expected.losses[i]!, 5));
    expect(soup.losses).toHaveLength(expected.losses.length);
  });

  it('mixes with the coefficients it gives', async () => {
    const soup = await learnedSoup(models, { loss, batches, by: (name) => name.split('.')[1]!, epochs: 2 });
    expect(Object.keys(soup.coefficients)).toEqual(['0', '1']);
    const [mixed, parts] = [await values(soup.params), await Promise.all(models.map(values))];
    for (const name of Object.keys(mixed)) {
      const row = soup.coefficients[name.split('.')[1]!]!;
      mixed[name]!.forEach((x, j) =>
        expect(x).toBeCloseTo(
          row.reduce((total, a, i) => total + a * parts[i]![name]![j]!, 0),
          6,
        ),
      );
    }
  });

  it('finds the model that is right', async () => {
    const pair = [dict({ w: [0, 0] }), dict({ w: [1, 4] })];
    const { coefficients, losses } = await learnedSoup(pair, {
      loss: distance,
      batches: [tensor([0.9, 3.6])],
      epochs: 200,
    });
    expect(coefficients.all![1]).toBeCloseTo(0.9, 2);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 100);
  });

  it('leaves whole numbers alone, and equal models as they are', async () => {
    const one = dict({ w: [0.1, -3] });
    const twin = { ...one, steps: tensor(Int32Array.of(7)) };
    const { params, beta } = await learnedSoup([twin, twin], { loss: distance, batches: [tensor([1, 1])] });
    expect(await values(params)).toEqual(await values(twin));
    expect(beta).toBe(1); // a loss that leaves it out does not change it
  });

  it('refuses a single model, no batch, and models that differ', async () => {
    const options = { loss: distance, batches: [tensor([1, 1])] };
    const w = dict({ w: [1, 2] });
    await expect(learnedSoup([w], options)).rejects.toThrow(
      'learnedSoup: expected at least two models, received 1',
    );
    await expect(learnedSoup([w, w], { ...options, batches: [] })).rejects.toThrow(
      'learnedSoup: expected at least one batch, received none',
    );
    await expect(learnedSoup([w, dict({ w: [1, 2, 3] })], options)).rejects.toThrow(
      'learnedSoup: models[1] "w": expected shape [2] as in models[0], received [3]',
    );
    await expect(learnedSoup([w, w], { ...options, epochs: 0 })).rejects.toThrow(
      'learnedSoup: expected epochs to be a whole number of at least 1, received 0',
    );
  });

  it('stops at a loss that is not finite', async () => {
    const w = dict({ w: [1, 2] });
    const broken = (params: StateDict, target: Tensor): Tensor => add(distance(params, target), Infinity);
    await expect(learnedSoup([w, w], { loss: broken, batches: [tensor([1, 1])] })).rejects.toThrow(
      'learnedSoup',
    );
  });

  it('stops when told to', async () => {
    const w = dict({ w: [1, 2] });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(learnedSoup([w, w], { loss: distance, batches: [tensor([1, 1])], signal })).rejects.toThrow(
      'enough',
    );
  });
});
