import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { gradientBoosting, linearQuantiles, nearestNeighbours, quantileForest } from '../../src/index.js';
import type { ReferenceFixture } from '../support/golden.js';
import { golden } from '../support/golden.js';
import { meanPinball, slice, table } from '../support/tables.js';

const { power_plant: plant } = golden<ReferenceFixture>('reference');

async function powerPlant() {
  const whole = await table('powerPlant');
  return { train: slice(whole, 0, plant.train_rows), test: slice(whole, plant.train_rows, whole.y.length) };
}

describe('gradientBoosting', () => {
  it('moves from the overall quantile to the leaf quantiles by the learning rate', () => {
    // Two groups of 20, all 0 and all 10: the median starts at 0 (the 20th of 40); one tree moves the upper leaf by half of 10.
    const x = Array.from({ length: 40 }, (_, i) => [i < 20 ? 0 : 1]);
    const y = x.map(([group]) => 10 * group!);
    const model = gradientBoosting({ trees: 1, learningRate: 0.5 }).fit(x, y, { levels: [0.5] });
    expect([...model.predict([[0], [1]]).data]).toEqual([0, 5]);
  });

  it('loses within 2% of what scikit-learn loses on unseen power plant hours', async () => {
    const { train, test } = await powerPlant();
    const predictions = gradientBoosting().fit(train.x, train.y, { levels: plant.levels }).predict(test.x);
    plant.levels.forEach((level, k) => {
      const ratio = meanPinball(test.y, predictions, k, level) / plant.boosting[k]!;
      expect(ratio).toBeGreaterThan(0.97);
      expect(ratio).toBeLessThan(1.02);
    });
  });

  it('knows only the levels it was fitted at, and says which', () => {
    const x = Array.from({ length: 60 }, (_, i) => [i]);
    const model = gradientBoosting({ trees: 2 }).fit(
      x,
      x.map(([a]) => a!),
      { levels: [0.1, 0.5] },
    );
    expect(() => model.predict(x, [0.3])).toThrow('level 0.3 was not fitted; this model knows 0.1, 0.5');
  });

  it('takes a weight of 2 as the row twice', () => {
    const x = Array.from({ length: 80 }, (_, i) => [Math.sin(i), Math.cos(5 * i)]);
    const y = x.map(([a, b], i) => a! + b! + Math.sin(9 * i));
    // minLeaf counts rows, so it is set where it cannot bind.
    const options = { trees: 5, minLeaf: 1, maxLeaves: 6 };
    const weighted = gradientBoosting(options).fit(x, y, { levels: [0.5], weights: x.map(() => 2) });
    const twice = gradientBoosting(options).fit([...x, ...x], [...y, ...y], { levels: [0.5] });
    weighted.predict(x).data.forEach((value, i) => expect(value).toBeCloseTo(twice.predict(x).data[i]!, 12));
  });

  it.each([
    ['learningRate is 0', { learningRate: 0 }],
    ['trees is 0', { trees: 0 }],
    ['maxLeaves is 1', { maxLeaves: 1 }],
    ['bins is 300', { bins: 300 }],
    ['l2 is -1', { l2: -1 }],
  ])('refuses with: %s', (message, options) => {
    expect(() => gradientBoosting(options)).toThrow(`gradientBoosting: ${message}`);
  });
});

describe('quantileForest', () => {
  it('gives the sample quantiles when no split is possible', () => {
    const x = [[1], [1], [1], [1], [1]];
    const model = quantileForest({ trees: 3, minLeaf: 1 }).fit(x, [5, 1, 4, 2, 3], {
      levels: [0.2, 0.5, 0.99],
      key: key(1),
    });
    expect([...model.predict([[1]]).data]).toEqual([1, 3, 5]);
  });

  it('loses within 4% of a scikit-learn forest with the same settings on unseen power plant hours', async () => {
    const { train, test } = await powerPlant();
    const model = quantileForest({ featuresPerSplit: 1 }).fit(train.x, train.y, {
      levels: plant.levels,
      key: key(1),
    });
    const predictions = model.predict(test.x);
    plant.levels.forEach((level, k) => {
      const ratio = meanPinball(test.y, predictions, k, level) / plant.forest[k]!;
      expect(ratio).toBeGreaterThan(0.94);
      expect(ratio).toBeLessThan(1.04);
    });
  });

  it('answers any level of one forest, the same for the same key', async () => {
    const { x, y } = await table('engel');
    const fit = (seed: number) => quantileForest({ trees: 20 }).fit(x, y, { levels: [0.5], key: key(seed) });
    const fine = fit(1).predict([[1000]], [0.05, 0.3, 0.5, 0.8, 0.97]).data;
    fine.forEach((value, k) => k > 0 && expect(value).toBeGreaterThanOrEqual(fine[k - 1]!));
    expect(fit(1).predict(x)).toEqual(fit(1).predict(x));
    expect(fit(2).predict(x)).not.toEqual(fit(1).predict(x));
  });

  it('refuses a fit without a key and settings out of range', () => {
    expect(() => quantileForest().fit([[1], [2]], [1, 2], { levels: [0.5] })).toThrow('fit needs a key');
    expect(() =>
      quantileForest({ featuresPerSplit: 3 }).fit([[1], [2]], [1, 2], { levels: [0.5], key: key(1) }),
    ).toThrow('featuresPerSplit is 3, expected at most the 1 features');
    expect(() => quantileForest({ minLeaf: 0 })).toThrow('minLeaf is 0');
    expect(() => quantileForest({ cuts: 'worst' as 'best' })).toThrow('cuts is worst');
  });
});

describe('nearestNeighbours', () => {
  const x = [[0], [1], [2], [10]];
  const y = [5, 7, 6, 100];

  it('takes the quantiles of the nearest targets', () => {
    const model = nearestNeighbours({ neighbours: 3 }).fit(x, y, { levels: [0.1, 0.5, 0.9] });
    expect([...model.predict([[1.2]]).data]).toEqual([5, 6, 7]);
    expect([...model.predict([[1.2]], [0.34]).data]).toEqual([6]);
  });

  it('weights by distance, and a row met exactly takes all', () => {
    const model = nearestNeighbours({ neighbours: 3, weighting: 'distance', standardize: false }).fit(x, y, {
      levels: [0.5],
    });
    // Distances 0.2, 0.8 and 1.2 from row 1, 2 and 0: weights 5, 1.25 and 0.83.
    expect(model.predict([[1.2]]).data[0]).toBe(7);
    expect(model.predict([[2]]).data[0]).toBe(6);
  });

  it('measures every feature in its own standard deviations', () => {
    const rows = [
      [0, 0],
      [1, 0],
      [0, 1000],
    ];
    const model = nearestNeighbours({ neighbours: 1 }).fit(rows, [1, 2, 3], { levels: [0.5] });
    expect(model.predict([[0.9, 300]]).data[0]).toBe(2);
    const raw = nearestNeighbours({ neighbours: 1, standardize: false }).fit(rows, [1, 2, 3], {
      levels: [0.5],
    });
    expect(raw.predict([[0.9, 600]]).data[0]).toBe(3);
  });

  it('prefers earlier rows among equal distances, and refuses more neighbours than rows', () => {
    const model = nearestNeighbours({ neighbours: 1 }).fit([[0], [0], [5]], [1, 2, 3], { levels: [0.5] });
    expect(model.predict([[0]]).data[0]).toBe(1);
    expect(() => nearestNeighbours({ neighbours: 5 }).fit(x, y, { levels: [0.5] })).toThrow(
      'neighbours is 5, expected at most the 4 rows',
    );
  });
});

describe('linearQuantiles', () => {
  it('keeps its fit and sorts crossing planes', () => {
    const rows = [[0], [1], [2], [3], [4]];
    const model = linearQuantiles({ names: ['time'] }).fit(rows, [4, 1, 3, 0, 9], {
      levels: [0.2, 0.5, 0.8],
    });
    expect(model.fit.names).toEqual(['intercept', 'time']);
    const far = model.predict([[-50]]).data;
    expect([...far]).toEqual([...far].sort((a, b) => a - b));
    const unsorted = linearQuantiles({ sort: false }).fit(rows, [4, 1, 3, 0, 9], { levels: [0.2, 0.5, 0.8] });
    expect([...unsorted.predict([[-50]]).data]).not.toEqual([...far]);
  });
});
