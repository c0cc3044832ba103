import { cnn, mlp } from '@weightloom/nn';
import { add, key, mul, normal, type Tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { chooseSeparate, mergedWidths, partialMerge, permute, planRatios, pleas } from '../../src/index.js';
import golden from '../golden/align.json' with { type: 'json' };
import { goldenInputs, goldenModel, goldenPair } from '../golden-pair.js';
import { dict, numbers } from '../helpers.js';
import { difference, draw, farthest } from '../align/models.js';

const model = goldenModel;
const [a, b] = goldenPair();
const inputs = goldenInputs();
const { apply } = model;
const halfSum = (x: Tensor, y: Tensor) => mul(add(x, y), 0.5);

describe('partialMerge', () => {
  const tiny = (scale: number) =>
    dict({
      'up.weight': [[1], [2], [3]].map((row) => row.map((x) => x * scale)),
      'up.bias': [4, 5, 6].map((x) => x * scale),
      'xdown.weight': [[7, 8, 9].map((x) => x * scale)],
      'xdown.bias': [10 * scale],
    });

  it('lays out merged units, then those of a, then those of b', async () => {
    const options = { permutations: { up: [1, 2, 0] }, separate: { up: [0] } };
    const merged = partialMerge(tiny(1), tiny(10), options);
    // Units 1 and 2 of a go with 2 and 0 of b; 0 of a and 1 of b stay apart.
    expect(await numbers(merged['up.weight']!)).toEqual([(2 + 30) / 2, (3 + 10) / 2, 1, 20]);
    expect(await numbers(merged['up.bias']!)).toEqual([(5 + 60) / 2, (6 + 40) / 2, 4, 50]);
    expect(await numbers(merged['xdown.weight']!)).toEqual([(8 + 90) / 2, (9 + 70) / 2, 7 / 2, 80 / 2]);
    expect(await numbers(merged['xdown.bias']!)).toEqual([55]);
    expect(mergedWidths(tiny(1), options)).toEqual({ up: 4 });
  });

  it('keeps units of a and of b from reading one another', async () => {
    const separate = { 'layers.0': [0, 3], 'layers.1': [5] };
    const merged = partialMerge(a, b, { permutations: draw({ 'layers.0': 9, 'layers.1': 8 }, 2), separate });
    const weight = await numbers(merged['layers.1.weight']!);
    expect(merged['layers.1.weight']!.shape).toEqual([9, 11]);
    expect(weight.slice(7 * 11 + 9, 8 * 11)).toEqual([0, 0]);
    expect(weight.slice(8 * 11 + 7, 8 * 11 + 9)).toEqual([0, 0]);
    expect(weight.slice(8 * 11 + 9).every((x) => x !== 0)).toBe(true);
  });

  it('with every unit apart computes the mean of both models', async () => {
    const all = (n: number) => Array.from({ length: n }, (_, i) => i);
    const separate = { 'layers.0': all(9), 'layers.1': all(8) };
    const wide = partialMerge(a, b, { permutations: {}, separate });
    const wanted = halfSum(apply(a, inputs), apply(b, inputs));
    expect(await difference(apply(wide, inputs), wanted)).toBeLessThan(1e-4);
  });

  it('with no unit apart is the average with the permuted model', async () => {
    const permutations = draw({ 'layers.0': 9, 'layers.1': 8 }, 5);
    const moved = permute(b, 'auto', permutations);
    const average = Object.fromEntries(Object.keys(a).map((name) => [name, halfSum(a[name]!, moved[name]!)]));
    expect(await farthest(partialMerge(a, b, { permutations }), average)).toBe(0);
  });

  it('refuses units that are not there or come twice', () => {
    const bad = (separate: Record<string, number[]>) => () =>
      partialMerge(a, b, { permutations: {}, separate });
    expect(bad({ 'layers.0': [9] })).toThrow(
      'partialMerge: expected units from 0 to 8, each at most once, in separate["layers.0"], received 9',
    );
    expect(bad({ 'layers.0': [1, 1] })).toThrow('received 1');
    const normed = dict({ 'a.weight': [[1], [2]], 'norm.weight': [1, 1], 'b.weight': [[1, 2]] });
    const spec = { tensors: { 'a.weight': ['h', null], 'norm.weight': ['h'], 'b.weight': [null, 'h'] } };
    expect(() => partialMerge(normed, normed, { spec, permutations: {}, separate: { h: [0] } })).toThrow(
      'expected no unit apart in group "h", which "norm.weight" normalises as a whole, received 1',
    );
    expect(bad({ head: [1] })).toThrow('expected groups of the spec, received "head" in separate');
  });
});

describe('pleas', () => {
  it.each(golden.pleas)(
    'solves what numpy solves at ratio $ratio',
    async ({ ratio, ridge, layers, separate }) => {
      const found = await pleas(a, b, { apply, inputs, ratio, ridge, batchSize: 20 });
      if (ratio < 1) expect(Object.values(found.separate).map((units) => [...units])).toEqual(separate);
      for (const [i, { weight, bias, shape }] of layers.entries()) {
        expect(found.params[`layers.${i}.weight`]!.shape).toEqual(shape);
        const [w, c] = [
          await numbers(found.params[`layers.${i}.weight`]!),
          await numbers(found.params[`layers.${i}.bias`]!),
        ];
        // Gram matrices are summed up in float32.
        w.forEach((x, k) => expect(Math.abs(x - weight[k]!)).toBeLessThan(1e-3));
        c.forEach((x, k) => expect(Math.abs(x - bias[k]!)).toBeLessThan(2e-3));
      }
    },
  );

  it('gives a model merged with a permuted copy of itself back, convolutions and batch norm too', async () => {
    const network = cnn({ input: [1, 8, 8], channels: [3, 4], hidden: [5], classes: 3, norm: 'batch' });
    const params = network.init(key(3));
    const x = normal(key(4), [300, 64]);
    const copy = permute(
      params,
      'auto',
      draw({ 'features.0.conv': 3, 'features.1.conv': 4, 'classifier.0': 5 }, 1),
    );
    const found = await pleas(params, copy, { apply: network.apply, inputs: x, ridge: 1e-7 });
    for (const name of [
      'features.0.conv.weight',
      'features.1.conv.weight',
      'features.1.norm.weight',
      'classifier.0.weight',
    ]) {
      expect(await difference(found.params[name]!, params[name]!)).toBeLessThan(0.01);
    }
    expect(await difference(network.apply(found.params, x), network.apply(params, x))).toBeLessThan(0.01);
  });

  it('can match by weights, by key', async () => {
    const options = { apply, inputs, match: 'weights', ratio: { 'layers.1': 0.5 } } as const;
    await expect(pleas(a, b, options)).rejects.toThrow(
      'pleas: expected a key to match weights, received none',
    );
    const found = await pleas(a, b, { ...options, key: key(1) });
    expect(found.widths).toEqual({ 'layers.0': 9, 'layers.1': 12 });
  });

  it('refuses ratios outside 0 to 1, models that differ, and no ridge', async () => {
    await expect(pleas(a, b, { apply, inputs, ratio: 1.5 })).rejects.toThrow(
      'to be a number from 0 to 1, received 1.5',
    );
    await expect(pleas(a, mlp({ sizes: [6, 9, 7, 4] }).init(key(0)), { apply, inputs })).rejects.toThrow(
      'pleas: b "layers.1.weight": expected shape [8, 9] as in a, received [7, 9]',
    );
    await expect(pleas(a, b, { apply, inputs, ridge: 0 })).rejects.toThrow('pleas: expected ridge');
  });
});

describe('chooseSeparate', () => {
  it('keeps the least alike pairs apart', () => {
    expect(chooseSeparate([3, 1, 2, 9], 0.5)).toEqual(Int32Array.of(1, 2));
    expect(chooseSeparate([3, 1, 2, 9], 0)).toEqual(Int32Array.of());
    expect(chooseSeparate([3, 1, 2, 9], 1)).toHaveLength(4);
    expect(() => chooseSeparate([1], 2)).toThrow('ratio to be a number from 0 to 1, received 2');
  });
});

describe('planRatios', () => {
  /** Multiplications of the merged widths over those of one parent, blocks of zeros left out. */
  const cost = (ratios: Record<string, number>) => {
    const [p, q] = [ratios['layers.0']!, ratios['layers.1']!];
    return (54 * (1 + p) + 72 * ((1 + p) * (1 + q) - 2 * p * q) + 32 * (1 + q)) / (54 + 72 + 32);
  };

  it('keeps the budget, and uses it', () => {
    for (const budget of [1, 1.2, 1.55, 1.8, 2]) {
      const ratios = planRatios(a, { budget });
      expect(cost(ratios)).toBeLessThanOrEqual(budget + 1e-6);
      expect(cost(ratios)).toBeGreaterThan(budget - 0.02);
    }
    expect(planRatios(a, { budget: 1 })).toEqual({ 'layers.0': 0, 'layers.1': 0 });
    expect(planRatios(a, { budget: 2 })).toEqual({ 'layers.0': 1, 'layers.1': 1 });
  });

  it('widens from the output on by zip, and where it gains most by importance', () => {
    const zip = planRatios(a, { budget: 1.3 });
    expect(zip['layers.1']).toBeGreaterThan(0);
    expect(zip['layers.0']).toBe(0);
    const first = planRatios(a, { budget: 1.3, importance: { 'layers.0': 5, 'layers.1': 1 } });
    expect(first['layers.0']).toBeGreaterThan(first['layers.1']!);
  });

  it('refuses other budgets and importances', () => {
    expect(() => planRatios(a, { budget: 0.5 })).toThrow(
      'planRatios: expected budget to be a number from 1 to 2',
    );
    expect(() => planRatios(a, { budget: 1.5, importance: { 'layers.0': -1 } })).toThrow(
      'the importance of "layers.0"',
    );
    expect(() => planRatios(a, { budget: 1.5, importance: { x: 1 } })).toThrow('received "x"');
  });
});
