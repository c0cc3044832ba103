import { stateDict, type StateDict } from '@weightloom/state-dict';
import { key, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { dareLinear, dareTies, taskArithmetic, tiesMerge } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const size = 50_000;
const full = (value: number): StateDict => stateDict({ w: tensor(new Float32Array(size).fill(value)) });
const zeros = full(0);
const options = { density: 0.4, key: key(7) };
const kept = async (merged: StateDict) => (await numbers(merged.w!)).map((x) => (x === 0 ? 0 : 1) as number);

describe('dareLinear', () => {
  it('keeps a share of the changes and divides them by it', async () => {
    const list = await numbers((await dareLinear(zeros, [full(1)], options)).w!);
    expect(new Set(list)).toEqual(new Set([0, Math.fround(1 / 0.4)]));
    const count = list.filter(Boolean).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(count - 0.4 * size)).toBeLessThan(5 * Math.sqrt(size * 0.4 * 0.6));
  });

  it('draws by position of the model and name of the tensor, not by order or company', async () => {
    const first = await kept(await dareLinear(zeros, [full(1)], options));
    const again = await kept(await dareLinear(zeros, [full(5), zeros], options));
    const second = await kept(await dareLinear(zeros, [zeros, full(1)], options));
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
    const others = stateDict({ a: zeros.w!, w: zeros.w! });
    const merged = await dareLinear(others, [stateDict({ a: full(1).w!, w: full(1).w! })], options);
    expect(await kept(stateDict({ w: merged.w! }))).toEqual(first);
    expect(await kept(stateDict({ w: merged.a! }))).not.toEqual(first);
    expect(await kept(await dareLinear(zeros, [full(1)], { ...options, key: key(8) }))).not.toEqual(first);
  });

  it('refuses an unknown rescale', async () => {
    await expect(dareLinear(zeros, [full(3)], { ...options, rescale: 'mean' as 'none' })).rejects.toThrow(
      'dareLinear: expected rescale to be "density", "l1" or "none", received mean',
    );
  });

  it('keeps the sum of absolute changes with rescale "l1"', async () => {
    const model = stateDict({ w: tensor(Float32Array.from({ length: size }, (_, i) => Math.sin(i))) });
    const absolute = (list: number[]) => list.reduce((sum, x) => sum + Math.abs(x), 0);
    const merged = await dareLinear(zeros, [model], { ...options, rescale: 'l1' });
    expect(absolute(await numbers(merged.w!)) / absolute(await numbers(model.w!))).toBeCloseTo(1, 6);
  });

  it('leaves kept changes alone with rescale "none"', async () => {
    const merged = await dareLinear(zeros, [full(3)], { ...options, rescale: 'none' });
    expect(new Set(await numbers(merged.w!))).toEqual(new Set([0, 3]));
  });

  it('is task arithmetic when nothing is dropped', async () => {
    const [base, a, b] = [dict({ w: [1, 2] }), dict({ w: [3, 1] }), dict({ w: [0, 5] })];
    expect(await values(await dareLinear(base, [a, b], { key: key(1), lambda: 0.5 }))).toEqual(
      await values(await taskArithmetic(base, [a, b], { lambda: 0.5 })),
    );
  });

  it('refuses a missing key and a density of 0', async () => {
    await expect(dareLinear(zeros, [zeros], { density: 0.5 } as never)).rejects.toThrow(
      'dareLinear: expected a random key, received none; pass { key: key(seed) }',
    );
    await expect(dareLinear(zeros, [zeros], { density: 0, key: key(1) })).rejects.toThrow(
      'dareLinear: expected density to be above 0 and at most 1, received 0',
    );
  });
});

describe('dareTies', () => {
  it('is TIES without trimming when nothing is dropped', async () => {
    const [base, a, b] = [dict({ w: [1, 2, 0] }), dict({ w: [3, 1, 4] }), dict({ w: [0, 5, 1] })];
    expect(await values(await dareTies(base, [a, b], { key: key(1), normalize: true }))).toEqual(
      await values(await tiesMerge(base, [a, b], { density: 1 })),
    );
  });

  it('votes among what is left', async () => {
    const masks = await Promise.all([
      kept(await dareLinear(zeros, [full(1), zeros], options)),
      kept(await dareLinear(zeros, [zeros, full(1)], options)),
    ]);
    const merged = await numbers(
      (await dareTies(zeros, [full(3), full(-1)], { ...options, rescale: 'none' })).w!,
    );
    // 3 wins over -1 wherever it was kept.
    const expected = masks[0]!.map((mask, j) => (mask ? 3 : masks[1]![j] ? -1 : 0));
    expect(merged.map((x) => x + 0)).toEqual(expected);
  });
});
