import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  conformalQuantiles,
  crossFitQuantiles,
  gradientBoosting,
  intervalCoverage,
  linearQuantiles,
  nearestNeighbours,
  pinballLoss,
  quantileAggregation,
  quantileModelFromJSON,
} from '../../src/index.js';
import { binomialBounds } from '../support/binomial-bounds.js';
import { pick, table } from '../support/tables.js';

const levels = [0.05, 0.25, 0.5, 0.75, 0.95];
const estimators = [linearQuantiles(), gradientBoosting({ trees: 40 }), nearestNeighbours()];
const settings = { estimators, folds: 3, hidden: [16], maxSteps: 300, learningRate: 5e-3 } as const;
const average = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value / values.length, 0);
const split = async () => {
  const concrete = await table('concrete');
  return { train: pick(concrete, (i) => i % 4 > 0), test: pick(concrete, (i) => i % 4 === 0) };
};

describe('crossFitQuantiles', () => {
  it('predicts every row by models that did not see it', async () => {
    const x = [0, 1, 2, 3, 4, 5].map((v) => [v]);
    const y = [0, 10, 20, 30, 40, 50];
    const folds = [0, 0, 1, 1, 2, 2];
    const nearest = nearestNeighbours({ neighbours: 1 });
    const [stack] = await crossFitQuantiles([nearest], x, y, { levels: [0.5], folds });
    expect([...stack!.data]).toEqual([20, 20, 10, 40, 30, 30]);
  });

  it('refuses no estimators, a missing key and rows of weight 0', async () => {
    const x = [0, 1, 2, 3].map((v) => [v]);
    const y = [0, 1, 2, 3];
    const options = { levels: [0.5], folds: 2 };
    await expect(crossFitQuantiles([], x, y, options)).rejects.toThrow('estimators is empty');
    await expect(crossFitQuantiles([nearestNeighbours()], x, y, options)).rejects.toThrow('key is missing');
    const weights = [1, 1, 1, 0];
    await expect(crossFitQuantiles([nearestNeighbours()], x, y, { ...options, weights })).rejects.toThrow(
      '1 rows have weight 0',
    );
  });
});

describe('quantileAggregation', () => {
  it('predicts unseen rows of concrete better than each of its models but the best, and no worse than that by 3%', async () => {
    const { train, test } = await split();
    const model = await quantileAggregation(settings).fit(train.x, train.y, { levels, key: key(1) });
    const lossOf = (one: { predict: typeof model.predict }) =>
      average(pinballLoss(test.y, one.predict(test.x), levels));
    const losses = model.models.map(lossOf).sort((a, b) => a - b);
    expect(lossOf(model)).toBeLessThan(1.03 * losses[0]!);
    expect(lossOf(model)).toBeLessThan(losses[1]!);
  });

  it('comes back from JSON text bit for bit, global or local, and is the same for the same key', async () => {
    const { train, test } = await split();
    for (const locality of ['global', 'local'] as const) {
      const estimator = quantileAggregation({ ...settings, locality, resolution: 'medium', maxSteps: 100 });
      const model = await estimator.fit(train.x, train.y, { levels, key: key(2) });
      const back = quantileModelFromJSON(JSON.parse(JSON.stringify(model)));
      expect(back.predict(test.x)).toEqual(model.predict(test.x));
      expect(back.predict(test.x, [0.5]).columns).toBe(1);
      const again = await estimator.fit(train.x, train.y, { levels, key: key(2) });
      expect(JSON.stringify(again)).toBe(JSON.stringify(model));
      const { models, ...rest } = JSON.parse(JSON.stringify(model));
      expect(() => quantileModelFromJSON({ ...rest, models: models.slice(1) })).toThrow(
        'do not fit together',
      );
    }
  });

  it('refuses no estimators, bad settings and a fit without a key', async () => {
    expect(() => quantileAggregation({ estimators: [] })).toThrow('estimators is empty');
    expect(() => quantileAggregation({ ...settings, dropout: 2 })).toThrow('dropout is 2');
    const { train } = await split();
    await expect(quantileAggregation(settings).fit(train.x, train.y, { levels })).rejects.toThrow(
      'needs a key',
    );
  });
});

describe('conformalQuantiles', () => {
  it('makes the bands of an aggregation cover unseen rows as often as asked', async () => {
    const plant = await table('powerPlant');
    const train = pick(plant, (i) => i % 16 === 1);
    const test = pick(plant, (i) => i % 16 === 9);
    const estimator = conformalQuantiles(quantileAggregation({ ...settings, resolution: 'medium' }));
    const model = await estimator.fit(train.x, train.y, { levels, key: key(5) });
    const { data, columns } = model.predict(test.x);
    const column = (k: number) => test.y.map((_, i) => data[i * columns + k]!);
    for (const [low, high, nominal] of [
      [0, 4, 0.9],
      [1, 3, 0.5],
    ] as const) {
      const { coverage } = intervalCoverage(test.y, column(low), column(high));
      // One split: the level itself varies with its 150 calibration rows, standard deviation √(p(1-p)/150).
      const slack = 3 * Math.sqrt((nominal * (1 - nominal)) / 150);
      const bounds = binomialBounds(test.y.length, nominal);
      expect(coverage).toBeGreaterThan(bounds.low / test.y.length - slack);
      expect(coverage).toBeLessThan(bounds.high / test.y.length + slack);
    }
    const back = quantileModelFromJSON(JSON.parse(JSON.stringify(model)));
    expect(back.predict(test.x)).toEqual(model.predict(test.x));
  });

  it('refuses a share out of range, levels without their mirror and too few held-out rows', async () => {
    expect(() => conformalQuantiles(linearQuantiles(), { share: 1 })).toThrow('share is 1');
    const x = Array.from({ length: 40 }, (_, i) => [i, (i * 7) % 5]);
    const y = x.map(([a, b]) => a! + b!);
    const calibrated = conformalQuantiles(linearQuantiles());
    await expect(calibrated.fit(x, y, { levels: [0.1, 0.5], key: key(1) })).rejects.toThrow('partner');
    await expect(calibrated.fit(x, y, { levels: [0.01, 0.99], key: key(1) })).rejects.toThrow(
      '10 rows are held out',
    );
  });
});
