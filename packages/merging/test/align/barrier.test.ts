import type { StateDict } from '@weightloom/state-dict';
import { tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { barrier, centerBarrier, interpolate } from '../../src/index.js';
import { dict, numbers, values } from '../helpers.js';

const [a, b] = [dict({ w: [0, 2] }), dict({ w: [1, -2] })];
/** `1 - (w₀ - ½)²`: 0.75 at both ends, 1 in the middle. */
const hill = async ({ w }: StateDict) => 1 - ((await numbers(w!))[0]! - 0.5) ** 2;

describe('interpolate', () => {
  it('is a + t (b - a), and exact at both ends', async () => {
    expect(await values(interpolate(a, b, 0.25))).toEqual({ w: [0.25, 1] });
    expect(interpolate(a, b, 0).w).toBe(a.w);
    expect(interpolate(a, b, 1).w).toBe(b.w);
  });

  it('moves the tensors of a filter alone, and never whole numbers', async () => {
    const [from, to] = [1, 3].map((x) => ({ ...dict({ m: [x], n: [x] }), steps: tensor(Int32Array.of(x)) }));
    const half = interpolate(from!, to!, 0.5, { filter: (name) => name !== 'n' });
    expect(await values(half)).toEqual({ m: [2], n: [1], steps: [1] });
  });

  it('refuses t outside 0 to 1, unless it may extrapolate', async () => {
    expect(() => interpolate(a, b, 1.5)).toThrow(
      'interpolate: expected t to be a number from 0 to 1, received 1.5',
    );
    expect(await values(interpolate(a, b, 2, { extrapolate: true }))).toEqual({ w: [2, -6] });
    expect(() => interpolate(a, b, NaN, { extrapolate: true })).toThrow('expected t to be a finite number');
  });
});

describe('barrier', () => {
  it('is the greatest height above the line between the ends', async () => {
    const { t, curves } = await barrier(a, b, { evaluate: hill, points: 5 });
    expect(t).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(curves.loss).toEqual({
      values: [0.75, 0.9375, 1, 0.9375, 0.75],
      barrier: 0.25,
      at: 0.5,
      supBarrier: 0.25,
    });
  });

  it('takes losses from the slanted line, and the sup-based one from the worse end', async () => {
    const evaluate = async ({ w }: StateDict) => [1, 4, 3][Math.round(2 * (await numbers(w!))[0]!)]!;
    const { loss } = (await barrier(a, b, { evaluate, points: 3 })).curves;
    expect([loss!.barrier, loss!.supBarrier]).toEqual([2, 1]);
  });

  it('counts what accuracy loses', async () => {
    const evaluate = async (params: StateDict) => ({ loss: 1, testAccuracy: 1 - (await hill(params)) });
    const { curves } = await barrier(a, b, { evaluate, points: 3 });
    expect(curves.testAccuracy).toMatchObject({ barrier: 0.25, at: 0.5, supBarrier: 0.25 });
    expect(curves.loss).toMatchObject({ barrier: 0, supBarrier: 0 });
  });

  it('is exactly 0 from a model to itself, and at least 0 below the line', async () => {
    const evaluate = async ({ w }: StateDict) => (await numbers(w!)).reduce((sum, x) => sum + x * 0.1, 0.3);
    expect((await barrier(a, a, { evaluate, points: 7 })).curves.loss!.barrier).toBe(0);
    const valley = async (params: StateDict) => -(await hill(params));
    expect((await barrier(a, b, { evaluate: valley, points: 5 })).curves.loss!.barrier).toBe(0);
  });

  it('is symmetric in its models', async () => {
    const evaluate = async ({ w }: StateDict) => Math.sin(5 * (await numbers(w!))[0]!);
    const [there, back] = [await barrier(a, b, { evaluate }), await barrier(b, a, { evaluate })];
    expect(there.t).toHaveLength(25);
    expect(there.curves.loss!.barrier).toBeCloseTo(back.curves.loss!.barrier, 6);
  });

  it('prepares each model before it is evaluated', async () => {
    const seen: number[] = [];
    const prepare = (params: StateDict, t: number) => (seen.push(t), { ...params, extra: tensor([t]) });
    const evaluate = async ({ extra }: StateDict) => (await numbers(extra!))[0]!;
    expect((await barrier(a, b, { evaluate, prepare, points: 3 })).curves.loss!.values).toEqual([0, 0.5, 1]);
    expect(seen).toEqual([0, 0.5, 1]);
  });

  it('refuses fewer than 3 points, and numbers that are none', async () => {
    await expect(barrier(a, b, { evaluate: hill, points: 2 })).rejects.toThrow(
      'points to be a whole number of at least 3',
    );
    await expect(barrier(a, b, { evaluate: () => NaN })).rejects.toThrow('received NaN as "loss" at t = 0');
    await expect(barrier(a, b, { evaluate: () => ({}) })).rejects.toThrow(
      'several by name, received {} at t = 0',
    );
    const names = (_: StateDict, t: number) => ({ [t < 0.5 ? 'loss' : 'lost']: 1 });
    await expect(barrier(a, b, { evaluate: names, points: 3 })).rejects.toThrow(
      'barrier: expected loss from evaluate at every point, received lost at t = 0.5',
    );
    await expect(barrier(a, dict({ v: [0, 2] }), { evaluate: hill })).rejects.toThrow(
      'barrier: b: expected the tensors of a',
    );
  });
});

describe('centerBarrier', () => {
  it('is the loss of the average less the average of the losses', async () => {
    expect(await centerBarrier([a, b], { evaluate: hill })).toEqual({ loss: 0.25 });
    const accuracy = async (params: StateDict) => ({ accuracy: 1 - (await hill(params)) });
    expect(await centerBarrier([a, b], { evaluate: accuracy })).toEqual({ accuracy: 0.25 });
  });

  it('refuses fewer than two models', async () => {
    await expect(centerBarrier([a], { evaluate: hill })).rejects.toThrow(
      'expected at least two models, received 1',
    );
  });
});
