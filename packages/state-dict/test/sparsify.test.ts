import { key, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { sparsify, stateDict } from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

describe('sparsify', () => {
  it('keeps the largest by absolute value', async () => {
    expect(await values(await sparsify(dict({ w: [1, -4, 3, -2] }), { density: 0.5 }))).toEqual({
      w: [0, -4, 3, 0],
    });
  });

  it('keeps the sum of absolute values with rescale "l1"', async () => {
    const sparse = await sparsify(dict({ w: [1, -4, 3, -2] }), { density: 0.5, rescale: 'l1' });
    expect((await values(sparse)).w).toEqual([0, Math.fround((-4 * 10) / 7), Math.fround((3 * 10) / 7), 0]);
  });

  it('divides by the density with rescale "density"', async () => {
    const sparse = await sparsify(dict({ w: [1, -4] }), { density: 0.5, rescale: 'density' });
    expect(await values(sparse)).toEqual({ w: [0, -8] });
  });

  it('leaves a tensor of zeros as it is', async () => {
    const options = { density: 0.5, rescale: 'l1' } as const;
    expect(await values(await sparsify(dict({ w: [0, 0] }), options))).toEqual({ w: [0, 0] });
  });

  it('keeps about the share that is asked for at random', async () => {
    const size = 100_000;
    const w = tensor(new Float32Array(size).fill(1));
    const sparse = await sparsify(stateDict({ w }), { density: 0.3, method: 'random', key: key(1) });
    const kept = (await numbers(sparse.w!)).filter(Boolean).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(kept - 0.3 * size)).toBeLessThan(5 * Math.sqrt(size * 0.3 * 0.7));
  });

  it('draws a mask that depends on the key and the name alone', async () => {
    const w = tensor(new Float32Array(50_000).fill(1));
    const options = { density: 0.5, method: 'random', key: key(4) } as const;
    const alone = await numbers((await sparsify(stateDict({ w }), options)).w!);
    const { w: again, v } = await sparsify(stateDict({ v: w, w }), options);
    expect(await numbers(again!)).toEqual(alone);
    expect(await numbers(v!)).not.toEqual(alone);
    const other = await sparsify(stateDict({ w }), { ...options, key: key(5) });
    expect(await numbers(other.w!)).not.toEqual(alone);
  });

  it('leaves whole numbers alone', async () => {
    const sparse = await sparsify(stateDict({ n: tensor(Int32Array.of(1, 2, 3)) }), { density: 0.1 });
    expect(await values(sparse)).toEqual({ n: [1, 2, 3] });
  });

  it('refuses densities outside (0, 1], a missing key, and NaN by name', async () => {
    const w = dict({ w: [1] });
    await expect(sparsify(w, { density: 0 })).rejects.toThrow(
      'sparsify: expected density in (0, 1], received 0',
    );
    await expect(sparsify(w, { density: 0.5, method: 'random' })).rejects.toThrow('expected a key');
    await expect(sparsify(dict({ w: [1, NaN] }), { density: 0.5 })).rejects.toThrow(
      'sparsify: dict "w": expected finite values (allowNonFinite lets others through), received NaN at element 1',
    );
  });
});
