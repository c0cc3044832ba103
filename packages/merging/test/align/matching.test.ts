import { softmaxCrossEntropy } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { add, generator, key, mul, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  activationMatching,
  barrier,
  interpolate,
  mergeMany,
  permute,
  straightThrough,
  weightMatching,
} from '../../src/index.js';
import golden from '../golden/align.json' with { type: 'json' };
import { goldenInputs, goldenModel, goldenPair } from '../golden-pair.js';
import { numbers } from '../helpers.js';
import { difference, draw, farthest, samples } from './models.js';

const model = goldenModel;
const [a, b] = goldenPair();
const inputs = goldenInputs();
const { apply } = model;

describe('weightMatching', () => {
  it('goes the way of a numpy loop with the assignment of scipy', async () => {
    const random = generator(key(3));
    expect(golden.orders.map(() => [...random.permutation(2)])).toEqual(golden.orders);
    const { permutations, sweeps, converged } = await weightMatching(a, b, { key: key(3) });
    expect([...permutations['layers.0']!]).toEqual(golden.weightMatching.permutations[0]);
    expect([...permutations['layers.1']!]).toEqual(golden.weightMatching.permutations[1]);
    expect({ sweeps, converged }).toEqual({ sweeps: golden.weightMatching.sweeps, converged: true });
  });

  it.each(Object.entries(samples))(
    'recovers a planted permutation of the model %s exactly',
    async (_, make) => {
      const { params, spec, sizes } = make();
      const planted = permute(params, spec, draw(sizes, 8));
      const { params: found } = await weightMatching(params, planted, { spec, key: key(1) });
      expect(await farthest(params, found)).toBe(0);
    },
  );

  it.each(['mlp', 'cnn with batch norm', 'gpt'])(
    'leaves no barrier to a planted copy of the model %s',
    async (kind) => {
      const { model, params, spec, sizes, inputs } = samples[kind]!();
      const planted = permute(params, spec, draw(sizes, 8));
      const { params: found } = await weightMatching(params, planted, { spec, key: key(1) });
      const target = await numbers(model.apply(params, inputs));
      /** Mean squared distance from the outputs of the first model. */
      const evaluate = async (p: StateDict) => {
        const out = await numbers(model.apply(p, inputs));
        return out.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0) / out.length;
      };
      expect((await barrier(params, found, { evaluate, points: 5 })).curves.loss!.barrier).toBeLessThan(1e-3);
      expect((await barrier(params, planted, { evaluate, points: 5 })).curves.loss!.barrier).toBeGreaterThan(
        1e-3,
      );
    },
  );

  it('ends after maxSweeps, and can go on from there', async () => {
    const first = await weightMatching(a, b, { key: key(3), maxSweeps: 1 });
    expect(first.converged).toBe(false);
    const second = await weightMatching(a, b, { key: key(4), start: first.permutations });
    expect(second.converged).toBe(true);
  });

  it('refuses models that do not fit, and weights that are not finite', async () => {
    const less = Object.fromEntries(Object.entries(b).filter(([name]) => name !== 'layers.1.bias'));
    await expect(weightMatching(a, less, { key: key(0) })).rejects.toThrow(
      'weightMatching: b: expected the tensors of a',
    );
    const spoilt = {
      ...b,
      'layers.1.bias': tensor(golden.b['layers.1.bias'].map((x, i) => (i === 3 ? NaN : x))),
    };
    await expect(weightMatching(a, spoilt, { key: key(0) })).rejects.toThrow(
      'expected finite similarities in group "layers.1", received NaN for units 0 and 3; look for NaN in the models',
    );
    await expect(weightMatching(a, b, { key: key(0), maxSweeps: 0 })).rejects.toThrow('maxSweeps');
  });

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(weightMatching(a, b, { key: key(0), signal })).rejects.toThrow('enough');
  });
});

describe('activationMatching', () => {
  it.each(['moment', 'correlation', 'distance'] as const)(
    'finds what numpy and scipy find by %s',
    async (similarity) => {
      const found = await activationMatching(a, b, { apply, inputs, similarity });
      golden.activationMatching[similarity].forEach(({ permutation, similarities }, i) => {
        expect([...found.permutations[`layers.${i}`]!]).toEqual(permutation);
        similarities.forEach((s, unit) => expect(found.similarities[`layers.${i}`]![unit]).toBeCloseTo(s, 3));
      });
    },
  );

  it('does not depend on the size of batches', async () => {
    const whole = await activationMatching(a, b, { apply, inputs });
    const parts = await activationMatching(a, b, { apply, inputs, batchSize: 7 });
    expect(parts.permutations).toEqual(whole.permutations);
  });

  it.each(Object.entries(samples))('undoes a planted permutation of the model %s', async (_, make) => {
    const { model, params, spec, sizes, inputs } = make();
    const planted = permute(params, spec, draw(sizes, 8));
    const options = { spec, apply: model.apply, inputs, similarity: 'distance' } as const;
    const { params: found } = await activationMatching(params, planted, options);
    // At the midpoint, since units that never respond cannot be told apart, and need not be.
    const outputs = [params, interpolate(params, found, 0.5), interpolate(params, planted, 0.5)].map((p) =>
      model.apply(p, inputs),
    ) as [Tensor, Tensor, Tensor];
    expect(await difference(outputs[0], outputs[1])).toBeLessThan(1e-4);
    expect(await difference(outputs[0], outputs[2])).toBeGreaterThan(1e-2);
  });

  it('refuses a forward pass that shows nothing, and an unknown similarity', async () => {
    const blind = (p: StateDict, x: typeof inputs) => model.apply(p, x);
    await expect(activationMatching(a, b, { apply: blind, inputs })).rejects.toThrow(
      'expected a layer that reads group "layers.0" and shows its input to ctx.tap, received none',
    );
    const similarity = 'cosine' as 'moment';
    await expect(activationMatching(a, b, { apply, inputs, similarity })).rejects.toThrow(
      'received "cosine"',
    );
  });
});

describe('mergeMany', () => {
  it('brings permuted copies together exactly', async () => {
    const sizes = { 'layers.0': 9, 'layers.1': 8 };
    const models = [a, permute(a, 'auto', draw(sizes, 1)), permute(a, 'auto', draw(sizes, 2))];
    const merged = await mergeMany(models, { key: key(1) });
    expect(merged.converged).toBe(true);
    const [first] = merged.models;
    for (const other of merged.models) expect(await farthest(first!, other)).toBe(0);
    expect(await farthest(first!, merged.params)).toBeLessThan(1e-6);
  });

  it('refuses fewer than two models', async () => {
    await expect(mergeMany([a], { key: key(0) })).rejects.toThrow(
      'mergeMany: expected at least two models, received 1',
    );
  });
});

describe('straightThrough', () => {
  const targets = tensor(Int32Array.from({ length: 50 }, (_, i) => i % 4));
  const options = {
    loss: (params: StateDict, data: { x: typeof inputs; y: typeof targets }) =>
      softmaxCrossEntropy(apply(params, data.x), data.y),
    batch: () => ({ x: inputs, y: targets }),
    key: key(2),
  };

  it('starts at weight matching, and keeps the permutations of the least loss', async () => {
    const one = await straightThrough(a, b, { ...options, steps: 1 });
    const matched = await weightMatching(a, b, { key: key(0) });
    expect(one.step).toBe(0);
    expect(one.losses).toHaveLength(1);
    expect(Object.keys(one.permutations)).toEqual(Object.keys(matched.permutations));
    const found = await straightThrough(a, b, { ...options, steps: 60 });
    expect(found.losses[found.step]).toBe(Math.min(...found.losses));
    expect(found.losses[found.step]!).toBeLessThan(found.losses[0]!);
    const midpoint = Object.fromEntries(
      Object.keys(a).map((name) => [name, mul(add(a[name]!, found.params[name]!), 0.5)]),
    );
    const [loss] = await softmaxCrossEntropy(apply(midpoint, inputs), targets).data();
    expect(loss).toBeCloseTo(found.losses[found.step]!, 5);
  });

  it('refuses a loss that is not finite, naming the step', async () => {
    const loss = (params: StateDict) => mul(softmaxCrossEntropy(apply(params, inputs), targets), Infinity);
    await expect(straightThrough(a, b, { ...options, loss, steps: 3 })).rejects.toThrow(
      'straightThrough: expected a finite loss at step 0',
    );
  });
});
