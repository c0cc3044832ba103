import { describe, expect, it } from 'vitest';
import { nearswap } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('nearswap', () => {
  it('takes weights that are near, and moves the others by t', async () => {
    const merged = await nearswap(dict({ w: [1, 1, 1] }), dict({ w: [1.25, 3, -1] }), { t: 0.5 });
    expect(await values(merged)).toEqual({ w: [1.25, 1.5, 0.5] });
  });

  it('changes nothing with t = 0', async () => {
    const base = dict({ w: [1, 2] });
    expect(await values(await nearswap(base, dict({ w: [2, 2] }), { t: 0 }))).toEqual(await values(base));
  });

  it('refuses a negative t', async () => {
    const base = dict({ w: [1] });
    await expect(nearswap(base, base, { t: -1 })).rejects.toThrow(
      'nearswap: expected t to be a finite number of at least 0',
    );
  });
});
