import { describe, expect, it } from 'vitest';
import { metricsWeightedAveraging, metricWeights } from '../src/index.js';
import golden from './golden/robust.json' with { type: 'json' };
import { dict, values } from './helpers.js';

const { losses, steps, weights } = golden;
const pair = [dict({ w: [0, 8] }), dict({ w: [4, 0] })];

describe('metricWeights', () => {
  it.each([
    ['losses', { losses }],
    ['lossesSharp', { losses, penalty: 2.5 }],
    ['lossesSoftmax', { losses, penalty: 1.5, form: 'softmax' }],
    ['steps', { steps }],
    ['stepsSoftmax', { steps, penalty: 2, form: 'softmax' }],
  ] as const)('gives what numpy gives: %s', (name, options) => {
    metricWeights(options).forEach((weight, i) => expect(weight).toBeCloseTo(weights[name][i]!, 12));
  });

  it('is uniform with a penalty of 0, and does not overflow', () => {
    expect(metricWeights({ losses, penalty: 0 })).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(metricWeights({ losses: [1e-300, 1], penalty: 50 })).toEqual([1, 0]);
  });

  it('refuses metrics out of range', () => {
    expect(() => metricWeights({ losses: [1, 0] })).toThrow(
      'metricWeights: expected losses[1] to be a number above 0, received 0',
    );
    expect(() => metricWeights({ steps: [1, NaN], form: 'softmax' })).toThrow(
      'metricWeights: expected steps[1] to be a finite number, received NaN',
    );
    expect(() => metricWeights({})).toThrow('expected either losses or steps, received none');
    expect(() => metricWeights({ losses, penalty: -1 })).toThrow('expected penalty');
    expect(() => metricWeights({ losses, form: 'rank' as 'power' })).toThrow('expected form');
  });
});

describe('metricsWeightedAveraging', () => {
  it('averages by one over the loss', async () => {
    // Weights 1/4 and 3/4.
    expect(await values(await metricsWeightedAveraging(pair, { losses: [3, 1] }))).toEqual({ w: [3, 2] });
  });

  it('averages by step, and by weights of one’s own', async () => {
    expect(await values(await metricsWeightedAveraging(pair, { steps: [300, 100] }))).toEqual({ w: [1, 6] });
    expect(await values(await metricsWeightedAveraging(pair, { weights: [2, 2] }))).toEqual({ w: [2, 4] });
  });

  it('refuses a single checkpoint, missing metrics, and another number of them', async () => {
    await expect(metricsWeightedAveraging(pair.slice(1), { losses: [1] })).rejects.toThrow(
      'metricsWeightedAveraging: expected at least two checkpoints, received 1',
    );
    await expect(metricsWeightedAveraging(pair, {})).rejects.toThrow(
      'expected one of losses, steps and weights, received none',
    );
    await expect(metricsWeightedAveraging(pair, { losses: [1, 2], steps: [1, 2] })).rejects.toThrow(
      'expected one of losses, steps and weights, received losses and steps',
    );
    await expect(metricsWeightedAveraging(pair, { losses: [1, 2, 3] })).rejects.toThrow(
      'metricsWeightedAveraging: expected 2 weights, one per model, received 3',
    );
  });

  it('refuses adapters of another rank', async () => {
    const adapters = [dict({ a: [[1, 2]] }), dict({ a: [[1], [2]] })];
    await expect(metricsWeightedAveraging(adapters, { losses: [1, 2] })).rejects.toThrow(
      'metricsWeightedAveraging: checkpoints[1] "a": expected shape [1, 2] as in checkpoints[0], received [2, 1]',
    );
  });
});
