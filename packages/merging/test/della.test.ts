import { stateDict } from '@weightloom/state-dict';
import { key, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { della, dellaLinear, tiesMerge } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const [rows, columns] = [4000, 5];
/** Every row has the changes 3, 1, 5, 2, 4: ascending ranks 2, 0, 4, 1, 3. */
const model = stateDict({
  w: tensor(
    Float32Array.from({ length: rows * columns }, (_, i) => [3, 1, 5, 2, 4][i % columns]!),
    [rows, columns],
  ),
});
const zeros = stateDict({ w: tensor(new Float32Array(rows * columns), [rows, columns]) });
const options = { density: 0.5, epsilon: 0.2, key: key(1) };

describe('dellaLinear', () => {
  it('keeps large changes of a row more often, by rank', async () => {
    const list = await numbers((await dellaLinear(zeros, [model], options)).w!);
    const shares = [0, 1, 2, 3, 4].map(
      (column) => list.filter((x, i) => i % columns === column && x !== 0).length / rows,
    );
    // density - ε + 2ε · rank / 4, within five standard deviations.
    [0.5, 0.3, 0.7, 0.4, 0.6].forEach((share, column) => {
      expect(Math.abs(shares[column]! - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / rows));
    });
  });

  it('divides each by the probability with which it was kept', async () => {
    const list = await numbers((await dellaLinear(zeros, [model], options)).w!);
    const kept = (column: number) => new Set(list.filter((x, i) => i % columns === column && x !== 0));
    expect(kept(1)).toEqual(new Set([Math.fround(1 / 0.3)]));
    expect([...kept(2)][0]).toBeCloseTo(5 / 0.7, 5);
  });

  it('refuses an unknown rescale', async () => {
    await expect(dellaLinear(zeros, [model], { ...options, rescale: 'mean' as 'none' })).rejects.toThrow(
      'dellaLinear: expected rescale to be "probability", "l1" or "none", received mean',
    );
  });

  it('keeps the sum of absolute changes with rescale "l1"', async () => {
    const list = await numbers((await dellaLinear(zeros, [model], { ...options, rescale: 'l1' })).w!);
    expect(list.reduce((sum, x) => sum + x, 0) / (rows * 15)).toBeCloseTo(1, 6);
  });

  it('keeps rows of one with the density', async () => {
    const ones = stateDict({ w: tensor(new Float32Array(20_000).fill(1), [20_000, 1]) });
    const none = stateDict({ w: tensor(new Float32Array(20_000), [20_000, 1]) });
    const kept = (await numbers((await dellaLinear(none, [ones], options)).w!)).filter(Boolean).length;
    expect(Math.abs(kept - 10_000)).toBeLessThan(5 * Math.sqrt(5000));
  });

  it('refuses probabilities outside (0, 1)', async () => {
    await expect(dellaLinear(zeros, [model], { density: 0.1, epsilon: 0.1, key: key(1) })).rejects.toThrow(
      'dellaLinear: expected density ± epsilon of models[0] to lie within 0 and 1, received 0.1 ± 0.1',
    );
    await expect(della(zeros, [model], { density: 0.9, key: key(1) })).rejects.toThrow('received 0.9 ± 0.15');
  });
});

describe('della', () => {
  it('is TIES without trimming when the density is 1', async () => {
    const [base, a, b] = [dict({ w: [1, 2, 0] }), dict({ w: [3, 1, 4] }), dict({ w: [0, 5, 1] })];
    expect(await values(await della(base, [a, b], { key: key(1) }))).toEqual(
      await values(await tiesMerge(base, [a, b], { density: 1 })),
    );
  });
});
