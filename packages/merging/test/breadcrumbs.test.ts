import { mapTensors, stateDict } from '@weightloom/state-dict';
import { generator, key, tensor, zerosLike } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { breadcrumbs, breadcrumbsTies } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const zeros = dict({ w: [0, 0, 0, 0, 0] });
const model = dict({ w: [5, -1, 3, -4, 2] });

describe('breadcrumbs', () => {
  it('drops the largest and the smallest changes', async () => {
    // ⌊0.2 · 5⌋ = 1 from the top, ⌊0.4 · 5⌋ = 2 kept.
    expect(await values(await breadcrumbs(zeros, [model], { density: 0.4, gamma: 0.2 }))).toEqual({
      w: [0, 0, 3, -4, 0],
    });
  });

  it('drops fewer of the largest when density leaves no room', async () => {
    const merged = await breadcrumbs(zeros, [model], { density: 0.8, gamma: 0.6 });
    expect(await values(merged)).toEqual({ w: [0, -1, 3, -4, 2] });
  });

  it('drops nothing with density 1', async () => {
    expect(await values(await breadcrumbs(zeros, [model], { gamma: 0.5 }))).toEqual(await values(model));
  });

  it('keeps exactly the share it is asked for', async () => {
    const draw = generator(key(3));
    const size = 1237;
    const w = tensor(Float32Array.from({ length: size }, () => draw.normal()));
    for (const density of [0.1, 0.35, 0.9]) {
      for (const share of [0.1, 0.2, 0.5, 1]) {
        const merged = await breadcrumbs(
          stateDict({ w: tensor(new Float32Array(size)) }),
          [stateDict({ w })],
          {
            density,
            gamma: share * (1 - density),
          },
        );
        const kept = (await numbers(merged.w!)).filter((x) => x !== 0).length;
        expect(kept).toBe(Math.floor(density * size));
      }
    }
  });

  it('loses small tensors only with compat "mergekit"', async () => {
    const options = { density: 0.4, gamma: 0.01 };
    expect((await values(await breadcrumbs(zeros, [model], options))).w).toEqual([5, 0, 0, -4, 0]);
    expect(
      (await values(await breadcrumbs(zeros, [model], { ...options, compat: 'mergekit' }))).w!.map(Math.abs),
    ).toEqual([0, 0, 0, 0, 0]);
  });

  it('drops and keeps row by row along the last axis, as the paper does', async () => {
    const grid = dict({
      w: [
        [
          [1, -2, 3, -4, 5],
          [10, 20, 30, 40, -50],
        ],
      ],
      b: [3, -1, 2, 0, 9],
      s: 7,
    });
    const start = mapTensors(grid, (t) => zerosLike(t));
    // Of 5: ⌊0.2 · 5⌋ = 1 goes, then ⌊0.4 · 5⌋ = 2 stay. A scalar stays.
    const merged = await breadcrumbs(start, [grid], { density: 0.4, gamma: 0.2, along: 'row' });
    expect(await values(merged)).toEqual({
      w: [0, 0, 3, -4, 0, 0, 0, 30, 40, 0],
      b: [3, 0, 2, 0, 0],
      s: [7],
    });
  });

  it('drops the largest first even where little else is left to keep', async () => {
    const merged = await breadcrumbs(zeros, [model], { density: 0.9, gamma: 0.4, along: 'row' });
    expect(await values(merged)).toEqual({ w: [0, -1, 3, 0, 2] });
  });

  it('refuses another way to go along', async () => {
    await expect(breadcrumbs(zeros, [model], { along: 'column' as 'row' })).rejects.toThrow(
      'breadcrumbs: expected along to be "tensor" or "row", received column',
    );
  });

  it('refuses gamma outside [0, 1)', async () => {
    await expect(breadcrumbs(zeros, [model], { gamma: 1 })).rejects.toThrow(
      'breadcrumbs: expected gamma to be from 0 to below 1, received 1',
    );
  });
});

describe('breadcrumbsTies', () => {
  it('elects signs among what is left', async () => {
    const other = dict({ w: [0, 0, -9, 1, -8] });
    // Kept of the first: 3 and -4; of the second, whose largest is -9: -8 and 1. All agree but none meet.
    const merged = await breadcrumbsTies(zeros, [model, other], { density: 0.4, gamma: 0.2 });
    expect(await values(merged)).toEqual({ w: [0, 0, 3, -4, -8] });
  });
});
