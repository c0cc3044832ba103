import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { type PopulationResult, trainDart, trainPapa } from '../../src/index.js';
import { digest, values } from '../helpers.js';
import { golden, type GoldenRun, options } from './population.js';

const WEIGHTS = 10; // of each model

async function expectRun({ losses, models, params }: PopulationResult, expected: GoldenRun): Promise<void> {
  losses.forEach((loss, i) => expect(loss).toBeCloseTo(expected.losses[i]!, 4));
  for (const [found, rows] of [...models, params].map(
    (model, m) => [model, [...expected.models, expected.params][m]!] as const,
  )) {
    const { 'first.weight': first, 'last.weight': last } = await values(found);
    [first, last].forEach((row, layer) =>
      row!.forEach((value, i) => expect(value).toBeCloseTo(rows[layer]![i]!, 5)),
    );
  }
}

describe('trainPapa', () => {
  it('pulls models to their mean as numpy does, and counts a copy of each model an exchange', async () => {
    const result = await trainPapa({ ...options, every: 2, keep: 0.9 });
    await expectRun(result, golden.papa);
    expect(result.sent).toEqual({ values: 4 * 3 * WEIGHTS, bytes: 4 * 4 * 3 * WEIGHTS });
  });

  it('makes all models their mean as numpy does', async () => {
    await expectRun(await trainPapa({ ...options, variant: 'all', every: 4 }), golden.all);
  });

  it('makes each model the mean of a pair that is drawn for it', async () => {
    const run = () => trainPapa({ ...options, variant: 'pair', every: 9, key: key(3) });
    const { models, sent } = await run();
    const means = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b > a).map((b) => [a, b] as const));
    for (const model of models) {
      const [value] = (await values(model))['first.weight']!;
      const candidates = means.map(([a, b]) => {
        const of = (m: number) => golden.independent.models[m]![0]![0]!;
        return Math.abs((of(a) + of(b)) / 2 - value!);
      });
      expect(Math.min(...candidates)).toBeLessThan(1e-5);
    }
    // Each of the three fetches one model if it is in its own pair, and two if not.
    expect(sent.values % WEIGHTS).toBe(0);
    expect(sent.values / WEIGHTS).toBeGreaterThanOrEqual(3);
    expect(sent.values / WEIGHTS).toBeLessThanOrEqual(6);
    expect(await digest((await run()).params)).toEqual(await digest((await run()).params));
  });

  it('refuses what does not fit, in one sentence', async () => {
    const attempt = (changed: object) => expect(trainPapa({ ...options, ...changed })).rejects;
    await attempt({ models: options.models.slice(2) }).toThrow(
      'trainPapa: expected at least two models, received 1',
    );
    await attempt({ keep: 1.1 }).toThrow('trainPapa: expected keep to be a number from 0 to 1, received 1.1');
    await attempt({ every: 0 }).toThrow(
      'trainPapa: expected every to be a whole number of at least 1, received 0',
    );
    await attempt({ variant: 'pair' }).toThrow(
      'trainPapa: expected every, the steps between two averages, for pair, received none',
    );
    await attempt({ variant: 'PAPA' }).toThrow(
      'trainPapa: expected variant to be papa, all or pair, received PAPA',
    );
  });
});

describe('trainDart', () => {
  it('averages after the warm-up and then every so many steps, as numpy does', async () => {
    const result = await trainDart({ ...options, warmUp: 4, every: 2 });
    await expectRun(result, golden.dart);
    expect(result.sent.values).toBe(3 * 3 * WEIGHTS); // after steps 4, 6 and 8
  });

  it('refuses what does not fit, in one sentence', async () => {
    await expect(trainDart({ ...options, warmUp: -1, every: 1 })).rejects.toThrow(
      'trainDart: expected warmUp to be a whole number of at least 0, received -1',
    );
    await expect(trainDart({ ...options, warmUp: 1, every: 0 })).rejects.toThrow(
      'trainDart: expected every to be a whole number of at least 1, received 0',
    );
  });
});
