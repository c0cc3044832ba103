import { adam, mlp, sgd } from '@weightloom/nn';
import { dispose, foldIn, key, mean, square } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linear, shuffleWeights, trainWash } from '../../src/index.js';
import { dict, digest, numbers, values } from '../helpers.js';
import { golden, options, shared } from './population.js';

const sorted = (x: readonly number[]): number[] => [...x].sort((a, b) => a - b);

describe('shuffleWeights', () => {
  it('moves values between models and keeps, place by place, which there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 0, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(1000),
        async (count, size, probability, seed) => {
          const models = Array.from({ length: count }, (_, m) =>
            dict({
              w: Float32Array.from({ length: size }, (_, i) => i + m / 8),
            }),
          );
          const { models: after, moved } = shuffleWeights(models, { key: key(seed), probability });
          const rows = await Promise.all(after.map((model) => numbers(model.w!)));
          let differ = 0;
          for (let i = 0; i < size; i++) {
            const here = rows.map((row) => row[i]!);
            expect(sorted(here)).toEqual(models.map((_, m) => i + m / 8));
            differ += here.filter((value, m) => value !== i + m / 8).length;
          }
          expect(moved).toBe(differ);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps the average of the models to the last bits', async () => {
    const model = mlp({ sizes: [8, 16, 4] });
    const models = [0, 1, 2].map((i) => model.init(key(i)));
    const { models: after } = shuffleWeights(models, { key: key(9), probability: 0.7 });
    const [a, b] = [await values(await linear(models)), await values(await linear(after))];
    for (const name of Object.keys(a)) {
      a[name]!.forEach((value, i) => expect(b[name]![i]).toBeCloseTo(value, 6));
    }
  });

  it('leaves everything at 0, draws every place at 1, and every order equally often', async () => {
    const models = [0, 1, 2].map((m) => dict({ w: new Float32Array(6000).fill(m) }));
    expect(shuffleWeights(models, { key: key(0), probability: 0 }).moved).toBe(0);
    const { models: after } = shuffleWeights(models, { key: key(0), probability: 1 });
    const rows = await Promise.all(after.map((model) => numbers(model.w!)));
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = rows.map((row) => row[i]).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 6000 draws of 6 orders: 1000 each, with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('chooses about p of the places, and the same for the same key and name', async () => {
    const models = [0, 1].map((m) => dict({ w: new Float32Array(20000).fill(m) }));
    const { moved, models: after } = shuffleWeights(models, { key: key(3), probability: 0.05 });
    // 1000 places chosen, of which half swap two values: 1000 ± 44.
    expect(Math.abs(moved - 1000)).toBeLessThan(180);
    const again = shuffleWeights(models, { key: key(3), probability: () => 0.05 });
    expect(await digest(again.models[0]!)).toEqual(await digest(after[0]!));
  });

  it('lets tensors of whole numbers be', async () => {
    const models = [1, 2].map((n) => dict({ steps: Int32Array.of(n), w: [n] }));
    const { models: after } = shuffleWeights(models, { key: key(0), probability: 1 });
    expect(await numbers(after[0]!.steps!)).toEqual([1]);
  });

  it('refuses what does not fit, in one sentence', () => {
    const one = dict({ w: [1] });
    expect(() => shuffleWeights([one], { key: key(0), probability: 1 })).toThrow(
      'shuffleWeights: expected at least two models, received 1',
    );
    expect(() => shuffleWeights([one, one], { key: key(0), probability: 1.5 })).toThrow(
      'shuffleWeights: expected a probability from 0 to 1 for "w", received 1.5',
    );
    expect(() => shuffleWeights([one, dict({ w: [1, 2] })], { key: key(0), probability: 1 })).toThrow(
      'shuffleWeights: models[1] "w": expected shape [1] as in models[0], received [2]',
    );
  });
});

describe('trainWash', () => {
  it('ends, where gradients are linear, at the average that numpy finds without any shuffle', async () => {
    const { params, losses, models, sent } = await trainWash({
      ...shared,
      probability: 0.5,
      depth: 'constant',
    });
    const found = await values(params);
    [found['first.weight'], found['last.weight']].forEach((row, layer) =>
      row!.forEach((value, i) => expect(value).toBeCloseTo(golden.shared.params[layer]![i]!, 5)),
    );
    expect(losses[0]).toBeCloseTo(golden.shared.losses[0]!, 5);
    expect(sent.values).toBeGreaterThan(0);
    expect((await values(models[0]!))['first.weight']![0]).not.toBeCloseTo(
      golden.shared.models[0]![0]![0]!,
      3,
    );
  });

  it('trains models by themselves when nothing is shuffled', async () => {
    const { models, losses, sent } = await trainWash({ ...options, probability: 0 });
    expect(sent).toEqual({ values: 0, bytes: 0 });
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(golden.independent.losses[i]!, 4));
    const found = await values(models[2]!);
    found['last.weight']!.forEach((value, i) =>
      expect(value).toBeCloseTo(golden.independent.models[2]![1]![i]!, 5),
    );
  });

  it('shuffles the first layer most and the last not at all, or the other way round', async () => {
    const still = { ...shared, optimizer: sgd({ learningRate: 0 }), probability: 1, steps: 1 };
    const changed = async (depth: 'decreasing' | 'increasing'): Promise<string[]> => {
      const { models } = await trainWash({ ...still, depth, key: key(2) });
      const [before, after] = [await digest(shared.models[0]!), await digest(models[0]!)];
      return Object.keys(before).filter((name) => before[name] !== after[name]);
    };
    expect(await changed('decreasing')).toEqual(['first.weight']);
    expect(await changed('increasing')).toEqual(['last.weight']);
    const { models } = await trainWash({ ...still, layers: ['last', 'first'], key: key(2) });
    expect(await digest(models[0]!)).toHaveProperty(
      ['first.weight'],
      (await digest(shared.models[0]!))['first.weight'],
    );
  });

  it('sends what the paper counts, but for values that stay: 168,480 a model at p = 0.05 over 540 steps of a 64-64-64-10 network', async () => {
    const model = mlp({ sizes: [64, 64, 64, 10] });
    const steps = 60;
    const { sent, models } = await trainWash({
      models: [0, 1, 2].map((i) => model.init(key(i))),
      loss: (params) => mean(square(params['layers.2.bias']!)),
      batch: () => null,
      steps,
      optimizer: sgd({ learningRate: 0 }),
      probability: 0.05,
      key: key(4),
    });
    dispose(models);
    // Three models; of three values in a random order, one stays on average. Binomial: standard deviation about 0.5 %.
    const expected = ((168_480 / 540) * steps * 3 * 2) / 3;
    expect(Math.abs(sent.values / expected - 1)).toBeLessThan(0.03);
    expect(sent.bytes).toBe(4 * sent.values);
  });

  it('takes what the optimiser remembers along, and counts it', async () => {
    const start = { ...options, probability: 1, depth: 'constant', key: key(6) } as const;
    const plain = await trainWash({ ...start, optimizer: adam({ learningRate: 0.1 }) });
    const both = await trainWash({
      ...start,
      optimizer: adam({ learningRate: 0.1 }),
      shuffleOptimizer: true,
    });
    expect(both.sent.values).toBe(3 * plain.sent.values); // the weight and Adam's two moments
    expect(await digest(both.params)).not.toEqual(await digest(plain.params));
  });

  it('gives the same bits for the same key, and leaves the first weights as they are', async () => {
    const before = await digest(options.models[1]!);
    const run = async (seed: number) =>
      digest((await trainWash({ ...options, probability: 0.5, key: foldIn(key(0), seed) })).params);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
    expect(await digest(options.models[1]!)).toEqual(before);
  });

  it('refuses what does not fit, in one sentence', async () => {
    const attempt = (changed: Partial<Parameters<typeof trainWash>[0]>) =>
      expect(trainWash({ ...options, ...changed } as typeof options)).rejects;
    await attempt({ models: options.models.slice(1, 2) }).toThrow(
      'trainWash: expected at least two models, received 1',
    );
    await attempt({ models: [] }).toThrow('trainWash: expected at least two models, received 0');
    await attempt({ probability: -0.1 }).toThrow(
      'trainWash: expected probability to be a number from 0 to 1, received -0.1',
    );
    await attempt({ depth: 'deep' as never }).toThrow(
      'trainWash: expected depth to be decreasing, constant or increasing, received deep',
    );
    await attempt({ layers: ['first'] }).toThrow(
      'trainWash: expected layers to cover all weights, received none for "last.weight"',
    );
    await attempt({ models: [options.models[0]!, dict({ 'first.weight': [1] })] }).toThrow(/^trainWash: /);
    await attempt({ optimizer: sgd({ learningRate: 1e30 }) }).toThrow('trainWash: expected a finite loss');
  });
});
