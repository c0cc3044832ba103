import { cnn, mlp } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { key, normal, reshape, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { jaccard, maximizeActivation, topExamples, unitCorrelation, unitResponses } from '../../src/index.js';
import golden from '../golden/align.json' with { type: 'json' };
import { numbers } from '../helpers.js';

/** One layer `x W^T`, whose unit 1 counts the left half of a picture and takes off the right. */
const linear = mlp({ sizes: [4, 2], bias: false });
const params: StateDict = { 'layers.0.weight': tensor([1, 0, 0, 0, 1, -1, 1, -1], [2, 4]) };

describe('unitResponses', () => {
  it('gives the outputs of a layer unit by unit, whatever the batches', async () => {
    const inputs = tensor([1, 2, 3, 4, 5, 6, 7, 9, 2, 0, 0, 0], [3, 4]);
    const whole = await unitResponses(params, { apply: linear.apply, layer: 'layers.0', inputs });
    expect(whole).toMatchObject({ units: 2, examples: 3, positions: 1 });
    expect([...whole.values]).toEqual([1, 5, 2, -2, -3, 2]);
    expect(
      await unitResponses(params, { apply: linear.apply, layer: 'layers.0', inputs, batchSize: 2 }),
    ).toEqual(whole);
  });

  it('keeps the pixels of a channel together', async () => {
    const model = cnn({ input: [1, 4, 4], channels: [3], classes: 2 });
    const inputs = normal(key(1), [5, 16]);
    const options = { apply: model.apply, layer: 'features.0.conv', inputs };
    const whole = await unitResponses(model.init(key(0)), options);
    expect(whole).toMatchObject({ units: 3, examples: 5, positions: 16 });
    const parts = await unitResponses(model.init(key(0)), { ...options, batchSize: 2 });
    parts.values.forEach((value, i) => expect(value).toBeCloseTo(whole.values[i]!, 5));
  });

  it('names the layers there are when there is none of that path', async () => {
    const inputs = tensor([1, 2, 3, 4], [1, 4]);
    await expect(unitResponses(params, { apply: linear.apply, layer: 'conv1', inputs })).rejects.toThrow(
      'unitResponses: expected one of the layers "layers.0", received "conv1"',
    );
  });
});

describe('unitCorrelation', () => {
  const of = (values: number[], units = 1) => ({
    units,
    examples: values.length / units,
    positions: 1,
    values: Float32Array.from(values),
  });

  it('is 1 for a scaled copy, -1 for the opposite, and 0 for a unit that never changes', () => {
    const found = unitCorrelation(of([1, 2, 4, 1, 2, 4, 1, 2, 4], 3), of([3, 5, 9, -1, -2, -4, 7, 7, 7], 3));
    expect([...found].map((x) => x.toFixed(6))).toEqual(['1.000000', '-1.000000', '0.000000']);
  });

  it('is what numpy gives for matched units', async () => {
    const model = mlp({ sizes: golden.sizes });
    const [a, b] = [golden.a, golden.b].map((values) =>
      Object.fromEntries(
        Object.entries(model.init(key(0))).map(([name, t]) => [
          name,
          tensor(Float32Array.from((values as Record<string, number[]>)[name]!), t.shape),
        ]),
      ),
    ) as [StateDict, StateDict];
    const inputs = tensor(Float32Array.from(golden.inputs), [50, golden.sizes[0]!]);
    const responses = [];
    for (const own of [a, b]) {
      const { values, ...rest } = await unitResponses(own, { apply: model.apply, layer: 'layers.0', inputs });
      responses.push({ ...rest, values: values.map((x) => Math.max(0, x)) });
    }
    const { permutation, similarities } = golden.activationMatching.correlation[0]!;
    const [first, second] = responses as [(typeof responses)[0], (typeof responses)[0]];
    const moved = Float32Array.from(
      permutation.flatMap((unit) => [...second.values.subarray(unit * 50, unit * 50 + 50)]),
    );
    const found = unitCorrelation(first, { ...second, values: moved });
    similarities.forEach((s, unit) => expect(found[unit]).toBeCloseTo(s, 5));
  });

  it('refuses responses of other inputs', () => {
    expect(() => unitCorrelation(of([1, 2]), of([1, 2, 3]))).toThrow(
      'expected responses of as many units on the same inputs, received 1 units with 2 values and 1 with 3',
    );
  });
});

describe('topExamples and jaccard', () => {
  const responses = {
    units: 2,
    examples: 3,
    positions: 2,
    values: Float32Array.of(0, 1, 5, 5, 2, 2, 9, 9, 0, 0, 9, 9),
  };

  it('rank examples by their mean response, of equal ones the earlier first', () => {
    expect(topExamples(responses, 2).map((list) => [...list])).toEqual([
      [1, 2],
      [0, 2],
    ]);
    expect(() => topExamples(responses, 4)).toThrow('topExamples: expected at most 3 examples, received 4');
    expect(() => topExamples(responses, 0)).toThrow('count');
  });

  it('measure what two lists share', () => {
    expect(jaccard([1, 2], [0, 2])).toBeCloseTo(1 / 3, 12);
    expect(jaccard([3, 4], [4, 3])).toBe(1);
    expect(jaccard([], [])).toBe(1);
  });
});

describe('maximizeActivation', () => {
  const shape = [1, 2, 2] as const;
  const apply: typeof linear.apply = (p, x, ctx) =>
    linear.apply(p, x.rank === 4 ? reshape(x, [x.shape[0]!, x.size / x.shape[0]!]) : x, ctx);
  const base = { apply, layer: 'layers.0', units: [1, 0], shape, key: key(1), jitter: 0 };

  it('paints what a linear unit adds up, and leaves blank what it takes off', async () => {
    const { images, activations } = await maximizeActivation(params, { ...base, l2: 0, totalVariation: 0 });
    expect(images.shape).toEqual([2, 1, 2, 2]);
    const pixels = await numbers(images);
    expect(pixels.slice(0, 4)).toEqual([1, 0, 1, 0]);
    expect(pixels[4]).toBe(1);
    expect([...activations]).toEqual([2, 1]);
  });

  it('finds the balance of gain and squared pixels', async () => {
    // max x₀ - 8 · mean x² over 4 pixels: x₀ = 1/4, the others 0.
    const { images } = await maximizeActivation(params, {
      ...base,
      units: [0],
      l2: 8,
      totalVariation: 0,
      range: [-1, 1],
      steps: 600,
      learningRate: 0.01,
    });
    const pixels = await numbers(images);
    [0.25, 0, 0, 0].forEach((value, i) => expect(pixels[i]).toBeCloseTo(value, 2));
  });

  it('smooths by total variation, and gives the same picture for the same key', async () => {
    const rough = await maximizeActivation(params, { ...base, units: [1], totalVariation: 0 });
    const smooth = await maximizeActivation(params, { ...base, units: [1], totalVariation: 4 });
    const contrast = async (t: typeof rough.images) => {
      const p = await numbers(t);
      return Math.abs(p[0]! - p[1]!);
    };
    expect(await contrast(smooth.images)).toBeLessThan((await contrast(rough.images)) / 2);
    const [one, two] = [1, 2].map(() => maximizeActivation(params, { ...base, jitter: 1, steps: 5 }));
    expect(await numbers((await one!).images)).toEqual(await numbers((await two!).images));
  });

  it('refuses units out of range, no unit, and layers that are not there', async () => {
    await expect(maximizeActivation(params, { ...base, units: [2] })).rejects.toThrow(
      'maximizeActivation: expected units from 0 to 1 of layer "layers.0", received 2',
    );
    await expect(maximizeActivation(params, { ...base, units: [] })).rejects.toThrow(
      'expected at least one unit',
    );
    await expect(maximizeActivation(params, { ...base, layer: 'x' })).rejects.toThrow(
      'one of the layers "layers.0"',
    );
    await expect(maximizeActivation(params, { ...base, l2: -1 })).rejects.toThrow('l2');
  });
});
