import { describe, expect, it } from 'vitest';
import { quantileAggregatorFromJSON } from '../../src/index.js';
import golden from '../golden/aggregator.json' with { type: 'json' };
import { worst } from '../support/golden.js';

const { levels, x, models, center, scale, y, cases } = golden.local;
const form = (index: number, monotone: string) => ({
  format: 'weightloom-quantile-aggregator',
  version: 1,
  levels,
  models: 2,
  resolution: cases[index]!.resolution,
  normalize: true,
  monotone,
  x: { center, scale },
  y: { center: y[0], scale: y[1] },
  layers: cases[index]!.layers,
  steps: 10,
  validationLoss: null,
});

describe('QuantileAggregator', () => {
  it.each(cases.map(({ resolution }, index) => [resolution, index] as const))(
    'weights %s and orders rows as torch and scikit-learn do from the same network',
    (_, index) => {
      const { weights, raw, isotonic } = cases[index]!;
      const plain = quantileAggregatorFromJSON(form(index, 'none'));
      expect(worst(plain.predict(models, x).data, raw.flat())).toBeLessThan(1e-12);
      expect(worst(plain.weights(x).data, weights.flat())).toBeLessThan(1e-12);
      const ordered = quantileAggregatorFromJSON(form(index, 'isotonic'));
      expect(worst(ordered.predict(models, x).data, isotonic.flat())).toBeLessThan(1e-12);
    },
  );

  it('weights global values by hand and comes back from JSON the same', () => {
    const json = {
      ...form(0, 'sort'),
      x: { center: [], scale: [] },
      layers: [{ inputs: 0, outputs: 2, weight: [], bias: [Math.log(3), 0] }],
      validationLoss: 0.5,
    };
    const aggregator = quantileAggregatorFromJSON(json);
    expect(aggregator.locality).toBe('global');
    expect(worst(aggregator.weights().data, [0.75, 0.25])).toBeLessThan(1e-15);
    const { data } = aggregator.predict([[[0, 4, 8]], [[4, 0, 8]]]);
    expect(worst(data, [1, 3, 8])).toBeLessThan(1e-12);
    expect(JSON.parse(JSON.stringify(aggregator))).toEqual(json);
  });

  it('refuses other models, missing features and damaged forms', () => {
    const aggregator = quantileAggregatorFromJSON(form(1, 'sort'));
    expect(() => aggregator.predict(models)).toThrow('x is missing');
    expect(() => aggregator.predict(models.slice(1), x)).toThrow('got 1 models, expected 2');
    expect(() => aggregator.predict(models, x.slice(1))).toThrow('x is [4, 2], expected [5, 2]');
    expect(() => quantileAggregatorFromJSON([])).toThrow('weightloom-quantile-aggregator');
    expect(() => quantileAggregatorFromJSON({ ...form(1, 'sort'), version: 3 })).toThrow('version is 3');
    expect(() => quantileAggregatorFromJSON({ ...form(1, 'up') })).toThrow('monotone is "up"');
    expect(() => quantileAggregatorFromJSON({ ...form(1, 'sort'), resolution: 'raw' })).toThrow('resolution');
    expect(() => quantileAggregatorFromJSON({ ...form(1, 'sort'), resolution: 'fine' })).toThrow(
      'answers 6 values, expected 18',
    );
  });
});
