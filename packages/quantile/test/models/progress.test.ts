import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { crossFitQuantiles } from '../../src/aggregation/cross-fit-quantiles.js';
import { quantileAggregation } from '../../src/aggregation/quantile-aggregation.js';
import { cvPlus } from '../../src/conformal/cv-plus.js';
import { enbPi } from '../../src/conformal/enbpi.js';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import { kernelQuantiles } from '../../src/models/kernel-quantiles.js';
import { linearQuantiles } from '../../src/models/linear-quantiles.js';
import { multiQuantileNetwork } from '../../src/models/multi-quantile-network.js';
import { quantileForest } from '../../src/models/quantile-forest.js';

const x = Array.from({ length: 60 }, (_, i) => [i / 10, Math.sin(i)]);
const y = x.map(([a, b]) => a! + b!);
const levels = [0.25, 0.75];
const network = multiQuantileNetwork({ hidden: [4], maxSteps: 150, validation: 0 });
const forest = quantileForest({ trees: 4 });
const [train, target] = [x.map(([a]) => a!), y];
const fit = () => (rows: readonly number[]) => rows;

/** Every report of some work as `done/total`. */
async function reports(
  work: (options: { onProgress: (at: { done: number; total: number }) => void }) => unknown,
): Promise<string[]> {
  const seen: string[] = [];
  await work({ onProgress: ({ done, total }) => seen.push(`${done}/${total}`) });
  return seen;
}

describe('long work', () => {
  it('tells how many steps, trees, levels, folds or models are done', async () => {
    const options = { levels, key: key(1) };
    expect(await reports((on) => network.fit(x, y, { ...options, ...on }))).toEqual([
      '50/150',
      '100/150',
      '150/150',
    ]);
    expect(await reports((on) => forest.fit(x, y, { ...options, ...on }))).toEqual([
      '1/4',
      '2/4',
      '3/4',
      '4/4',
    ]);
    const boosted = await reports((on) => gradientBoosting({ trees: 2 }).fit(x, y, { ...options, ...on }));
    expect(boosted).toEqual(['1/4', '2/4', '3/4', '4/4']);
    expect(await reports((on) => kernelQuantiles().fit(x, y, { ...options, ...on }))).toEqual(['1/2', '2/2']);
    const crossed = (on: object) =>
      crossFitQuantiles([linearQuantiles()], x, y, { ...options, folds: 2, ...on });
    expect(await reports(crossed)).toEqual(['1/2', '2/2']);
    const folded = (on: object) =>
      cvPlus({ x: train, y: target, fit, alpha: 0.2, folds: 3, key: key(1), ...on });
    expect(await reports(folded)).toEqual(['1/3', '2/3', '3/3']);
    const drawn = (on: object) =>
      enbPi({ x: train, y: target, fit, alpha: 0.2, models: 3, key: key(1), ...on });
    expect(await reports(drawn)).toEqual(['1/3', '2/3', '3/3']);
  });

  it('stops with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const options = { levels, key: key(1), signal };
    await expect(network.fit(x, y, options)).rejects.toThrow('enough');
    expect(() => forest.fit(x, y, options)).toThrow('enough');
    expect(() => gradientBoosting().fit(x, y, options)).toThrow('enough');
    expect(() => kernelQuantiles().fit(x, y, options)).toThrow('enough');
    const aggregation = quantileAggregation({ estimators: [linearQuantiles()], maxSteps: 60 });
    await expect(aggregation.fit(x, y, options)).rejects.toThrow('enough');
    await expect(cvPlus({ x: train, y: target, fit, alpha: 0.2, key: key(1), signal })).rejects.toThrow(
      'enough',
    );
  });

  it('tells the three phases of an aggregation', async () => {
    const aggregation = quantileAggregation({
      estimators: [linearQuantiles(), gradientBoosting({ trees: 2 })],
      folds: 2,
      maxSteps: 50,
    });
    const seen = await reports((on) => aggregation.fit(x, y, { levels, key: key(1), ...on }));
    expect(seen).toEqual(['1/4', '2/4', '3/4', '4/4', '50/50', '1/2', '2/2']);
  });
});
