import { cnn, conv, linear, mlp, type Model, resnet, vit } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import {
  add,
  key,
  log,
  mul,
  normal,
  reshape,
  stack,
  sum,
  type Tensor,
  tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { type ApplyFunction, diagonalFisher } from '../src/index.js';
import golden from './golden/fisher.json' with { type: 'json' };
import { dict, values } from './helpers.js';

const model = mlp({ sizes: [5, 6, 3] });
const models = golden.models.map(dict);
const inputs = tensor(golden.inputs);
const labels = tensor(Int32Array.from(golden.labels));

/** Linear layers the quick way, and every gradient by itself. */
const ways: Record<string, ApplyFunction> = {
  'with the context': (params, x, ctx) => model.apply(params, x, ctx),
  'without it': (params, x) => model.apply(params, x),
};

const image = [1, 8, 8] as const;
const networks: Record<string, Model> = {
  'a CNN': cnn({ input: image, channels: [2], classes: 4 }),
  'a CNN with batch norm': cnn({ input: image, channels: [2, 3], classes: 4, norm: 'batch' }),
  'a residual network': resnet({ input: image, classes: 4, widths: [2, 3], blocks: 1 }),
  'a vision transformer': vit({ input: image, patch: 4, classes: 4, width: 8, heads: 2, layers: 1 }),
};

/** Equal up to rounding of float32. */
async function expectClose(
  actual: StateDict,
  expected: Record<string, unknown>,
  digits = 1e-4,
): Promise<void> {
  const list = await values(actual);
  expect(Object.keys(list).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, numbers] of Object.entries(expected)) {
    const flat = (numbers as number[]).flat(3);
    expect(list[name]).toHaveLength(flat.length);
    flat.forEach((x, j) => expect(Math.abs(list[name]![j]! - x)).toBeLessThan(digits * Math.abs(x) + 1e-8));
  }
}

describe.each(Object.entries(ways))('diagonalFisher %s', (_, apply) => {
  it('gives what torch gives, one example at a time', async () => {
    for (const [i, params] of models.entries()) {
      await expectClose(await diagonalFisher({ params, apply, inputs }), golden.exact[i]!);
    }
  });

  it('gives what torch gives for labels', async () => {
    await expectClose(await diagonalFisher({ params: models[0]!, apply, inputs, labels }), golden.empirical);
  });

  it('does not depend on the size of chunks', async () => {
    for (const options of [{}, { labels }, { labels: 'sampled', key: key(1), samples: 3 } as const]) {
      const whole = await values(await diagonalFisher({ params: models[1]!, apply, inputs, ...options }));
      for (const chunkSize of [1, 3]) {
        const parts = await diagonalFisher({ params: models[1]!, apply, inputs, chunkSize, ...options });
        await expectClose(parts, whole, 1e-5);
      }
    }
  });

  it('comes near the exact one with many samples', async () => {
    const sampled = await values(
      await diagonalFisher({
        params: models[0]!,
        apply,
        inputs,
        labels: 'sampled',
        samples: 4000,
        key: key(2),
      }),
    );
    const bias = golden.exact[0]!['layers.1.bias'];
    bias.forEach((x, j) => expect(Math.abs(sampled['layers.1.bias']![j]! - x)).toBeLessThan(0.03 * x + 1e-3));
  });

  it('is 0 for what is not trained', async () => {
    const all = await diagonalFisher({
      params: models[0]!,
      apply,
      inputs,
      trainable: (n) => n.endsWith('1.bias'),
    });
    const { 'layers.1.bias': bias, ...others } = await values(all);
    bias!.forEach((x, j) => expect(x).toBeCloseTo(golden.exact[0]!['layers.1.bias'][j]!, 5));
    for (const list of Object.values(others)) expect(list.every((x) => x === 0)).toBe(true);
  });
});

describe('diagonalFisher', () => {
  const apply = ways['with the context']!;
  const options = { params: models[0]!, apply, inputs };

  it.each(Object.entries(networks))('takes both ways in %s, and gets the same', async (_, net) => {
    const params = net.init(key(3));
    const x = normal(key(4), [5, 64]);
    for (const labels of ['exact', tensor(Int32Array.of(0, 3, 1, 2, 0))] as const) {
      const mixed = await diagonalFisher({
        params,
        apply: (p, v, ctx) => net.apply(p, v, ctx),
        inputs: x,
        labels,
      });
      const slow = await diagonalFisher({ params, apply: (p, v) => net.apply(p, v), inputs: x, labels });
      await expectClose(mixed, await values(slow));
      for (const [name, list] of Object.entries(await values(mixed))) {
        if (name.endsWith('conv.weight')) expect(Math.max(...list)).toBeGreaterThan(0);
      }
    }
  });

  it('squares the sum over positions, for a convolution by hand', async () => {
    // One image of two places, weight w of one place: logits (w · (x₁ + x₂), 0), so that ∂z₀/∂w = x₁ + x₂ = 5 and p = (1/2, 1/2).
    const apply: ApplyFunction = (p, x, ctx) => {
      const out = conv(p, 'c', reshape(x, [x.shape[0]!, 1, 1, 2]), {}, ctx);
      const score = sum(out, { axis: [1, 2, 3] });
      return stack([score, mul(score, 0)], 1);
    };
    const fisher = await diagonalFisher({
      params: { 'c.weight': tensor([[[[0]]]]), 'c.bias': tensor([0]) },
      apply,
      inputs: tensor([[2, 3]]),
    });
    expect(await values(fisher)).toEqual({ 'c.weight': [25 / 4], 'c.bias': [4 / 4] });
  });

  it('is not deceived by two of something else on the first axis', async () => {
    // Two features of each example go through one layer, turned so that the features come first.
    const turned =
      (passContext: boolean): ApplyFunction =>
      (p, x, ctx) => {
        const featuresFirst = reshape(transpose(x), [2, x.shape[0]!, 1]);
        const out = linear(p, 'each', featuresFirst, passContext ? ctx : {});
        return transpose(sum(mul(out, out), { axis: 2 }));
      };
    const params = { 'each.weight': tensor([[1], [-2]]), 'each.bias': tensor([0.5, 0.25]) };
    const inputs = normal(key(6), [4, 2]);
    const [quick, slow] = [true, false].map((context) =>
      diagonalFisher({ params, apply: turned(context), inputs }),
    );
    await expectClose((await quick)!, await values((await slow)!));
  });

  it('keeps its digits where the model is sure', async () => {
    const logits = [0, 30, -3];
    const apply: ApplyFunction = (p, x) => add(mul(x, 0), p['bias']!);
    const params = { bias: tensor(logits) };
    const { bias } = await values(await diagonalFisher({ params, apply, inputs: tensor([[0, 0, 0]]) }));
    const weights = logits.map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    weights.forEach((w, k) => {
      const others = weights.filter((_, j) => j !== k).reduce((a, b) => a + b);
      const expected = (w / total) * (others / total); // p (1 - p)
      expect(Math.abs(bias![k]! / expected - 1)).toBeLessThan(1e-5);
    });
  });

  it('is 0 for a model of one class', async () => {
    const apply: ApplyFunction = (p, x) => mul(x, p['w']!);
    const fisher = await diagonalFisher({ params: { w: tensor([2]) }, apply, inputs: tensor([[1], [3]]) });
    expect(await values(fisher)).toEqual({ w: [0] });
  });

  it('copies whole numbers', async () => {
    const params = { ...models[0]!, steps: tensor(Int32Array.of(5)) };
    expect((await values(await diagonalFisher({ ...options, params }))).steps).toEqual([5]);
  });

  it('names the tensor whose values are not finite', async () => {
    const broken: ApplyFunction = (params, x) => log(mul(model.apply(params, x), 0));
    await expect(diagonalFisher({ ...options, apply: broken })).rejects.toThrow(
      'diagonalFisher: expected finite Fisher information, received NaN in "layers.0.weight"[0]',
    );
  });

  it('refuses labels that do not fit, a missing key, no examples and other outputs', async () => {
    const ints = (...list: number[]): Tensor => tensor(Int32Array.from(list));
    await expect(diagonalFisher({ ...options, labels: ints(0, 1, 2, 0, 1, 2, 3) })).rejects.toThrow(
      'diagonalFisher: expected labels from 0 to 2, the classes of the model, received 3 for example 6',
    );
    await expect(diagonalFisher({ ...options, labels: ints(0, 1) })).rejects.toThrow(
      'expected labels of shape [7], one per example, received [2]',
    );
    await expect(diagonalFisher({ ...options, labels: tensor([0]) })).rejects.toThrow(
      'expected int32 labels',
    );
    await expect(diagonalFisher({ ...options, labels: 'sampled' })).rejects.toThrow(
      'diagonalFisher: expected a key to draw labels with, received none',
    );
    await expect(diagonalFisher({ ...options, inputs: tensor(new Float32Array(0), [0, 5]) })).rejects.toThrow(
      'expected inputs of shape [n, …] with n ≥ 1, received [0, 5]',
    );
    await expect(diagonalFisher({ ...options, apply: (p) => p['layers.1.bias']! })).rejects.toThrow(
      'expected logits of shape [2, classes] for two examples, received [3]',
    );
    await expect(diagonalFisher({ ...options, chunkSize: 0 })).rejects.toThrow('expected chunkSize');
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(diagonalFisher({ ...options, signal })).rejects.toThrow('enough');
  });
});
