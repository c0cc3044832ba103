import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import type { QuantileEstimator } from '../../src/index.js';
import {
  conditionalGaussianNetwork,
  gradientBoosting,
  kernelQuantiles,
  linearQuantiles,
  multiQuantileNetwork,
  nearestNeighbours,
  quantileForest,
  quantileModelFromJSON,
  simultaneousQuantileNetwork,
} from '../../src/index.js';
import { slice, table } from '../support/tables.js';

const brief = { hidden: [32], learningRate: 5e-3, maxSteps: 400 };
const estimators: [string, QuantileEstimator][] = [
  ['linear', linearQuantiles()],
  ['quantileForest', quantileForest({ trees: 10 })],
  ['quantileForest of extra-trees', quantileForest({ trees: 10, cuts: 'random' })],
  ['gradientBoosting', gradientBoosting({ trees: 20 })],
  ['nearestNeighbours', nearestNeighbours({ weighting: 'distance' })],
  ['kernel', kernelQuantiles()],
  ['multiQuantileNetwork', multiQuantileNetwork({ ...brief, dropout: 0.05, refit: true })],
  [
    'multiQuantileNetwork of increments',
    multiQuantileNetwork({
      ...brief,
      monotone: 'increments',
      crossing: { weight: 0.5, margin: { kind: 'vector', scale: 1 } },
    }),
  ],
  ['simultaneousQuantileNetwork', simultaneousQuantileNetwork(brief)],
  ['conditionalGaussianNetwork', conditionalGaussianNetwork(brief)],
];
const levels = [0.1, 0.5, 0.9];

describe.each(estimators)('%s', (_, estimator) => {
  const fit = async (weights?: number[]) => {
    const whole = await table('concrete');
    const train = slice(whole, 0, 300);
    const test = slice(whole, 300, 340);
    return { model: await estimator.fit(train.x, train.y, { levels, key: key(7), weights }), train, test };
  };

  it('predicts rows of quantiles in order, nearer to the targets than their overall quantiles', async () => {
    const { model, train } = await fit();
    const { data, rows, columns } = model.predict(train.x);
    expect([rows, columns]).toEqual([300, 3]);
    const sorted = train.y.slice().sort();
    levels.forEach((level, k) => {
      let mine = 0;
      let overall = 0;
      train.y.forEach((value, i) => {
        const loss = (q: number) => Math.max(level * (value - q), (level - 1) * (value - q));
        mine += loss(data[3 * i + k]!);
        overall += loss(sorted[Math.ceil(level * 300) - 1]!);
        if (k > 0) expect(data[3 * i + k]!).toBeGreaterThanOrEqual(data[3 * i + k - 1]!);
      });
      expect(mine).toBeLessThan(0.9 * overall);
    });
  });

  it('predicts bit for bit the same after a round trip through JSON text', async () => {
    const { model, test } = await fit();
    const back = quantileModelFromJSON(JSON.parse(JSON.stringify(model)));
    expect(back.predict(test.x)).toEqual(model.predict(test.x));
    expect([back.method, back.features, [...back.levels]]).toEqual([model.method, model.features, levels]);
    expect(JSON.stringify(back)).toBe(JSON.stringify(model));
  });

  it('predicts the same rows alone as among others, and single levels as among all', async () => {
    const { model, test } = await fit();
    const all = model.predict(test.x);
    const alone = model.predict({
      data: test.x.data.slice(0, test.x.columns),
      rows: 1,
      columns: test.x.columns,
    });
    expect([...alone.data]).toEqual([...all.data.slice(0, 3)]);
    expect([...model.predict(test.x, [0.5]).data]).toEqual([...all.data.filter((_v, at) => at % 3 === 1)]);
  });

  it('ignores rows of weight 0', async () => {
    const whole = await table('concrete');
    const part = slice(whole, 0, 200);
    const more = slice(whole, 0, 300);
    const weights = more.y.map((_v, i) => (i < 200 ? 1 : 0));
    const a = await estimator.fit(part.x, part.y, { levels, key: key(1) });
    const b = await estimator.fit(more.x, more.y, { levels, key: key(1), weights });
    expect(b.predict(part.x)).toEqual(a.predict(part.x));
  });

  it('refuses bad levels, cells, targets and rows of another width', async () => {
    const { model } = await fit();
    const x = Array.from({ length: 30 }, (_v, i) => [i, Math.sin(i)]);
    const y = x.map(([a]) => a!);
    const options = { levels, key: key(1) };
    const refused = async (message: string, ...args: Parameters<QuantileEstimator['fit']>) =>
      expect(async () => await estimator.fit(...args)).rejects.toThrow(message);
    await refused('levels[1] is 0.4 after 0.5', x, y, { ...options, levels: [0.5, 0.4] });
    await refused('levels[0] is 1', x, y, { ...options, levels: [1] });
    await refused('x is NaN at row 0, column 0', [[NaN, 1], ...x], [1, ...y], options);
    const constant = y.map(() => 3);
    await refused('all 30 values of y are 3', x, constant, options);
    await refused('y has 29 values, expected 30', x, y.slice(1), options);
    expect(() => model.predict([[1, 2]])).toThrow('x has 2 columns, expected 8');
  });
});

describe('quantileModelFromJSON', () => {
  it('refuses what is no model, another version, an unknown method and damaged fields', () => {
    const model = linearQuantiles().fit([[1], [2], [3], [5]], [1, 2, 4, 4], { levels });
    const json = JSON.parse(JSON.stringify(model));
    expect(() => quantileModelFromJSON(null)).toThrow(
      'expected an object with format "weightloom-quantile-model"',
    );
    expect(() => quantileModelFromJSON({ ...json, version: 2 })).toThrow(
      'version is 2, this release reads version 1',
    );
    expect(() => quantileModelFromJSON({ ...json, method: 'toString' })).toThrow(
      'method is "toString", expected one of linear',
    );
    expect(() => quantileModelFromJSON({ ...json, names: [1] })).toThrow('linear.names[0] must be a string');
    expect(() => quantileModelFromJSON({ ...json, coefficients: [1, 2] })).toThrow(
      '2 coefficients for 2 names and 3 levels',
    );
    expect(() => quantileModelFromJSON({ ...json, levels: [0.5, 0.1, 0.9] })).toThrow(
      'levels[1] is 0.1 after 0.5',
    );
  });

  it('refuses trees whose children do not come after their parents, and leaves without rows', () => {
    const x = Array.from({ length: 60 }, (_, i) => [i]);
    const boosted = JSON.parse(
      JSON.stringify(
        gradientBoosting({ trees: 1 }).fit(
          x,
          x.map(([a]) => a!),
          { levels: [0.5] },
        ),
      ),
    );
    boosted.ensembles[0].trees[0].left[0] = 0;
    expect(() => quantileModelFromJSON(boosted)).toThrow('tree 0 is damaged');
    const forest = JSON.parse(
      JSON.stringify(
        quantileForest({ trees: 1 }).fit(
          x,
          x.map(([a]) => a!),
          { levels: [0.5], key: key(1) },
        ),
      ),
    );
    forest.trees[0].to = forest.trees[0].from;
    expect(() => quantileModelFromJSON(forest)).toThrow('the rows of tree 0 are damaged');
  });
});
