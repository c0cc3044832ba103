import { describe, expect, it } from 'vitest';
import { ram, ramPlus } from '../src/index.js';
import { dict, values } from './helpers.js';

const base = dict({ w: [1, 1, 1, 1] });
const a = dict({ w: [3, 1, 2, 5] });
const b = dict({ w: [1, 0, 4, 1] });

describe('ram', () => {
  it('keeps what one model changed, and averages what both did', async () => {
    // Changes (2, 0, 1, 4) and (0, -1, 3, 0).
    expect(await values(await ram(base, [a, b]))).toEqual({ w: [3, 0, 3, 5] });
  });

  it('takes small changes as none', async () => {
    expect(await values(await ram(base, [a, b], { epsilon: 1 }))).toEqual({ w: [3, 1, 4, 5] });
  });
});

describe('ramPlus', () => {
  it('amplifies what only one model changed by the ratio of shared to unique', async () => {
    // a: 2 unique, 1 shared, ratio 1/2; b: 1 and 1, ratio 1.
    const { w } = await values(await ramPlus(base, [a, b], { r: 0.5, alpha: 2 }));
    expect(w).toEqual([1 + 2 * 1.25, 1 - 1.5, 3, 1 + 4 * 1.25]);
  });

  it('limits the ratio by alpha', async () => {
    const { w } = await values(await ramPlus(base, [a, b], { r: 0.5, alpha: 0.5 }));
    expect(w).toEqual([3.5, -0.25, 3, 6]);
  });

  it('refuses negative options', async () => {
    await expect(ramPlus(base, [a], { r: -1 })).rejects.toThrow(
      'ramPlus: expected r to be a finite number of at least 0',
    );
  });
});
