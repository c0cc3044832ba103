import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  conditionalGaussianNetwork,
  multiQuantileNetwork,
  quantileModelFromJSON,
  simultaneousQuantileNetwork,
} from '../../src/index.js';
import { normalQuantile } from '../../src/internal/normal.js';

/** `y = 2x + (1 + x) z` at x in (0, 1), with z at evenly spread normal quantiles: the τ-quantile is `2x + (1 + x) Φ⁻¹(τ)`. */
const rows = Array.from({ length: 1200 }, (_, i) => {
  const x = ((i + 0.5) * 0.6180339887498949) % 1;
  return { x: [x], y: 2 * x + (1 + x) * normalQuantile(((i + 0.5) * 0.41421356237309503) % 1) };
});
const x = rows.map((row) => row.x);
const y = rows.map((row) => row.y);
const levels = [0.1, 0.5, 0.9];
const settings = { hidden: [32], learningRate: 5e-3, maxSteps: 3000, validation: 0, batchSize: 128 };

describe.each([
  ['multiQuantileNetwork', multiQuantileNetwork(settings)],
  ['multiQuantileNetwork of increments', multiQuantileNetwork({ ...settings, monotone: 'increments' })],
  ['simultaneousQuantileNetwork', simultaneousQuantileNetwork(settings)],
  ['conditionalGaussianNetwork', conditionalGaussianNetwork(settings)],
])('%s', (_, estimator) => {
  it('finds the quantiles of a Gaussian whose spread grows with x', async () => {
    const model = await estimator.fit(x, y, { levels, key: key(4) });
    for (const at of [0.1, 0.5, 0.9]) {
      const { data } = model.predict([[at]]);
      levels.forEach((level, k) => {
        const truth = 2 * at + (1 + at) * normalQuantile(level);
        expect(Math.abs(data[k]! - truth)).toBeLessThan(0.4);
      });
    }
  });

  it('refuses to fit without a key', async () => {
    await expect(estimator.fit(x, y, { levels })).rejects.toThrow('fit needs a key');
  });
});

it('trains the same for the same key, also with dropout, held-out rows and a final fit', async () => {
  const estimator = multiQuantileNetwork({ maxSteps: 200, dropout: 0.1, refit: true, checkEvery: 40 });
  const fit = async (seed: number) => JSON.stringify(await estimator.fit(x, y, { levels, key: key(seed) }));
  const first = await fit(1);
  expect(await fit(1)).toBe(first);
  expect(await fit(2)).not.toBe(first);
});

it('answers levels that were not fitted, except for one output per level', async () => {
  const quick = { ...settings, maxSteps: 20 };
  const options = { levels, key: key(1) };
  const simultaneous = await simultaneousQuantileNetwork(quick).fit(x, y, options);
  const gaussian = await conditionalGaussianNetwork(quick).fit(x, y, options);
  expect(simultaneous.predict([[0.5]], [0.2, 0.7]).columns).toBe(2);
  const { data } = gaussian.predict([[0.5]], [0.2, 0.5, 0.8]);
  expect(data[0]! + data[2]!).toBeCloseTo(2 * data[1]!, 10);
  const several = await multiQuantileNetwork(quick).fit(x, y, options);
  expect(() => several.predict([[0.5]], [0.2])).toThrow('level 0.2 was not fitted');
});

it('refuses bad settings, a rate that diverges, an aborted run and damaged layers', async () => {
  expect(() => multiQuantileNetwork({ hidden: [0] })).toThrow('hidden[0] is 0');
  expect(() => conditionalGaussianNetwork({ dropout: 1 })).toThrow('dropout is 1');
  expect(() => multiQuantileNetwork({ monotone: 'up' as 'sort' })).toThrow('monotone is "up"');
  const options = { levels, key: key(1) };
  const fit = async (more: object) => multiQuantileNetwork({ maxSteps: 50, ...more }).fit(x, y, options);
  await expect(fit({ validation: 1 })).rejects.toThrow('validation is 1');
  await expect(fit({ learningRate: 0 })).rejects.toThrow('learningRate is 0');
  await expect(fit({ learningRate: 1e38, validation: 0 })).rejects.toThrow('lower learningRate');
  await expect(fit({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  const json = JSON.parse(JSON.stringify(await fit({})));
  json.layers[1].inputs = 3;
  expect(() => quantileModelFromJSON(json)).toThrow('layer 1 of the network is damaged');
});
