import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  aggregateQuantiles,
  type AggregateQuantilesOptions,
  averageModels,
  crossingRows,
  pinballLoss,
  quantileAggregatorFromJSON,
} from '../../src/index.js';
import golden from '../golden/aggregator.json' with { type: 'json' };

const average = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value / values.length, 0);

describe('global weights', () => {
  const { levels, y, models, least } = golden.global;
  const options = { levels, y, models, locality: 'global', validation: 0, batchSize: 200 } as const;

  it.each(['coarse', 'medium', 'fine'] as const)(
    'trained %s come within 1% of the least loss that linear programming finds',
    async (resolution) => {
      const settings = { resolution, learningRate: 0.03, maxSteps: 2500, monotone: 'none' } as const;
      const aggregator = await aggregateQuantiles({ ...options, ...settings, key: key(1) });
      const loss = average(pinballLoss(y, aggregator.predict(models), levels));
      expect(loss).toBeGreaterThan(least[resolution] - 1e-9);
      expect(loss).toBeLessThan(1.01 * least[resolution]);
      expect(aggregator.validationLoss).toBeNaN();
    },
  );

  it('go below the convex optimum when they need not be convex', async () => {
    const settings = { resolution: 'medium', normalize: false, learningRate: 0.01, maxSteps: 2500 } as const;
    const aggregator = await aggregateQuantiles({ ...options, ...settings, key: key(1) });
    const loss = average(pinballLoss(y, aggregator.predict(models), levels));
    expect(loss).toBeLessThan(least.medium);
  });

  it('start at the average of the models, for coarse and medium exactly', async () => {
    for (const resolution of ['coarse', 'medium'] as const) {
      const start = await aggregateQuantiles({
        ...options,
        resolution,
        maxSteps: 1,
        learningRate: 1e-12,
        key: key(1),
      });
      const expected = averageModels(models).data;
      start.predict(models).data.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 10));
    }
  });
});

/** Two experts, each right on one side of 0; the second's quantiles cross. */
const levels = [0.1, 0.3, 0.5, 0.7, 0.9];
const scores = [-1.2816, -0.5244, 0, 0.5244, 1.2816];
function experts(seed: number, n: number) {
  const random = generator(key(seed));
  const x = Array.from({ length: n }, () => [2 * random.uniform() - 1, random.normal()]);
  const y = x.map(([v]) => (v! < 0 ? 0.2 : 1) * random.normal());
  const narrow = x.map(() => scores.map((z) => 0.2 * z));
  const wide = x.map(() => scores.map((z) => z + 0.4 * random.normal()));
  return { x, y, models: [narrow, wide] };
}

describe('local weights', () => {
  const train = experts(1, 1000);
  const test = experts(2, 1000);
  const fit = (more: Partial<AggregateQuantilesOptions>) =>
    aggregateQuantiles({
      ...train,
      levels,
      key: key(3),
      hidden: [16],
      learningRate: 0.01,
      maxSteps: 600,
      ...more,
    });
  const lossOf = async (more: Partial<AggregateQuantilesOptions>) => {
    const aggregator = await fit(more);
    const quantiles = aggregator.predict(test.models, aggregator.features ? test.x : undefined);
    return { loss: average(pinballLoss(test.y, quantiles, levels)), quantiles, aggregator };
  };

  it('beat global ones and the average where each model is right on its own side', async () => {
    const global = await lossOf({ locality: 'global', x: undefined });
    const baseline = average(pinballLoss(test.y, averageModels(test.models), levels));
    for (const resolution of ['coarse', 'medium', 'fine'] as const) {
      const local = await lossOf({ resolution });
      expect(local.loss).toBeLessThan(0.98 * global.loss);
      expect(local.loss).toBeLessThan(0.97 * baseline);
      expect(local.aggregator.validationLoss).toBeGreaterThan(0);
    }
  });

  it.each(['sort', 'softSort', 'isotonic', 'sweep'] as const)(
    'give rows in order with %s, also inside the training loss, for no more than without in the case of sorting',
    async (monotone) => {
      const { loss, quantiles } = await lossOf({ monotone, monotoneInTraining: true, resolution: 'medium' });
      expect(crossingRows(quantiles)).toEqual([]);
      expect(loss).toBeLessThan(0.2);
      const raw = await lossOf({ monotone: 'none', resolution: 'medium' });
      expect(crossingRows(raw.quantiles).length).toBeGreaterThan(0);
    },
  );

  it('cross less with the crossing penalty', async () => {
    const without = await lossOf({ monotone: 'none' });
    const crossing = { weight: 20, margin: { kind: 'single', delta: 0.05 } } as const;
    const { quantiles } = await lossOf({ monotone: 'none', crossing });
    expect(crossingRows(quantiles).length).toBeLessThan(crossingRows(without.quantiles).length);
  });

  it('train with dropout, smoothing and a final fit on all rows, the same for the same key and after JSON', async () => {
    const settings = { dropout: 0.1, smoothing: 0.05, refit: true, maxSteps: 200 };
    const a = await fit(settings);
    const b = await fit(settings);
    expect(JSON.stringify(b)).toBe(JSON.stringify(a));
    const back = quantileAggregatorFromJSON(JSON.parse(JSON.stringify(a)));
    expect(back.predict(test.models, test.x)).toEqual(a.predict(test.models, test.x));
    expect(JSON.stringify(await fit({ ...settings, key: key(4) }))).not.toBe(JSON.stringify(a));
  });

  it('ignore rows of weight 0 when there is nothing to draw them for', async () => {
    const weights = train.y.map((_, i) => (train.x[i]![0]! < 0 ? 1 : 0));
    const { data } = (await fit({ resolution: 'coarse', weights })).weights([[-0.5, 0]]);
    expect(data[0]).toBeGreaterThan(0.9);
  });
});

it('aggregateQuantiles refuses bad input by one error', async () => {
  const good = { ...experts(1, 40), levels, key: key(1), maxSteps: 2 };
  const refused = async (message: string, more: object) =>
    expect(aggregateQuantiles({ ...good, ...more })).rejects.toThrow(message);
  await refused('x is missing', { x: undefined });
  await refused('x is given, but global weights use no features', { locality: 'global' });
  await refused('key is missing', { key: undefined });
  await refused('models is empty', { models: [] });
  await refused('models have 5 columns, expected one per level (2)', { levels: [0.1, 0.9] });
  await refused('y has 1 values, expected 40', { y: [1] });
  await refused('all 40 values of y are 2', { y: good.y.map(() => 2) });
  await refused('x is [1, 1], expected 40 rows', { x: [[1]] });
  await refused('resolution is "finest"', { resolution: 'finest' });
  await refused('locality is "none"', { locality: 'none' });
  await refused('monotone is "order"', { monotone: 'order' });
  await refused('crossing.weight is -1', { crossing: { weight: -1 } });
  await refused('smoothing is -1', { smoothing: -1 });
  await refused('weights[0] is -1', { weights: good.y.map(() => -1) });
});
