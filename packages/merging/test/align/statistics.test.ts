import { cnn, mlp } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { key, mul, normal, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { interpolate, permute, repair, resetBatchNorm, singularAlignment } from '../../src/index.js';
import golden from '../golden/align.json' with { type: 'json' };
import { goldenPair } from '../golden-pair.js';
import { numbers } from '../helpers.js';

const network = cnn({ input: [1, 4, 4], channels: [4, 5], classes: 3, norm: 'batch' });
const { images, params: torch, statistics } = golden.batchNorm;
const params: StateDict = Object.fromEntries(
  Object.entries(network.init(key(0))).map(([name, t]) => {
    const given = (torch as Record<string, number[]>)[name];
    return [name, given ? tensor(Float32Array.from(given), t.shape) : t];
  }),
);
const inputs = tensor(Float32Array.from(images), [24, 16]);

describe('resetBatchNorm', () => {
  it('gives the statistics that torch gathers with momentum None', async () => {
    const reset = await resetBatchNorm(params, { apply: network.apply, inputs, batchSize: 10 });
    for (const [name, expected] of Object.entries(statistics)) {
      (await numbers(reset[name]!)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    }
    expect(reset['features.0.conv.weight']).toBe(params['features.0.conv.weight']);
  });

  it('leaves a model without batch norm as it is', async () => {
    const plain = mlp({ sizes: [4, 3, 2] });
    const weights = plain.init(key(0));
    expect(await resetBatchNorm(weights, { apply: plain.apply, inputs })).toEqual(weights);
  });

  it('refuses a forward pass that does not show a batch norm', async () => {
    const blind = (p: StateDict, x: typeof inputs) => network.apply(p, x);
    await expect(resetBatchNorm(params, { apply: blind, inputs })).rejects.toThrow(
      'to show batch norm "features.0.norm" to ctx.tap, received nothing',
    );
  });
});

describe('repair', () => {
  const model = mlp({ sizes: [6, 9, 8, 4] });
  const [a, b] = [1, 2].map((seed) => model.init(key(seed))) as [StateDict, StateDict];
  const x = normal(key(9), [200, 6]);
  /** Mean and deviation of each output of the hidden layers. */
  const moments = async (weights: StateDict) => {
    const outputs: Promise<number[]>[] = [];
    model.apply(weights, x, { tap: (_, __, out) => outputs.push(numbers(out)) });
    return (await Promise.all(outputs)).slice(0, 2).map((flat, layer) => {
      const width = [9, 8][layer]!;
      return Array.from({ length: width }, (_, unit) => {
        const column = flat.filter((_, i) => i % width === unit);
        const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
        return [
          mean,
          Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / column.length),
        ] as const;
      });
    });
  };

  it('gives every hidden unit the mean and deviation between those of its parents', async () => {
    const repaired = await repair(interpolate(a, b, 0.25), [a, b], {
      apply: model.apply,
      inputs: x,
      t: 0.25,
    });
    const [own, from, to] = [await moments(repaired), await moments(a), await moments(b)];
    own.forEach((layer, l) =>
      layer.forEach((pair, unit) =>
        pair.forEach((value, k) => {
          const wanted = 0.75 * from[l]![unit]![k]! + 0.25 * to[l]![unit]![k]!;
          expect(Math.abs(value - wanted)).toBeLessThan(2e-3 * (1 + Math.abs(wanted)));
        }),
      ),
    );
    expect(repaired['layers.2.weight']).not.toBe(a['layers.2.weight']);
  });

  it('changes nothing between a model and itself', async () => {
    const same = await repair(a, [a, a], { apply: model.apply, inputs: x });
    for (const name of Object.keys(a)) {
      const [before, after] = [await numbers(a[name]!), await numbers(same[name]!)];
      after.forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 4));
    }
  });
});

describe('singularAlignment', () => {
  const [a, b] = goldenPair();

  it.each(golden.singular)(
    'gives what numpy gives for gamma $gamma',
    async ({ gamma, top, alignment, leading }) => {
      const found = await singularAlignment(a, b, { gamma, top });
      expect(found.alignment).toBeCloseTo(alignment, 4);
      found.layers.forEach((layer, i) => expect(layer.leading).toBeCloseTo(leading[i]!, 4));
    },
  );

  it('is 1 for a model and itself, at no distance, and 1 for a scaled copy', async () => {
    const same = await singularAlignment(a, a, { gamma: 0.3 });
    expect(same.alignment).toBeCloseTo(1, 5);
    expect(same.distance).toBe(0);
    const scaled = Object.fromEntries(Object.entries(a).map(([name, t]) => [name, mul(t, 3)]));
    expect((await singularAlignment(a, scaled)).alignment).toBeCloseTo(1, 5);
  });

  it('changes with a permutation, and singular values do not', async () => {
    const moved = permute(a, 'auto', { 'layers.0': [8, 7, 6, 5, 4, 3, 2, 1, 0] });
    const { alignment, layers } = await singularAlignment(a, moved);
    expect(alignment).toBeLessThan(0.9);
    for (const { singularValues } of layers) {
      singularValues[0].forEach((s, i) => expect(singularValues[1][i]).toBeCloseTo(s, 4));
    }
  });

  it('refuses gamma outside 0 to 1, and models without a matrix', async () => {
    await expect(singularAlignment(a, b, { gamma: 2 })).rejects.toThrow(
      'gamma to be a number from 0 to 1, received 2',
    );
    const vector = { bias: tensor([1]) };
    await expect(singularAlignment(vector, vector)).rejects.toThrow(
      'expected at least one weight matrix, received none',
    );
  });
});
