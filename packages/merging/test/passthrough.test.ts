import { describe, expect, it } from 'vitest';
import { passthrough } from '../src/index.js';
import { dict, values } from './helpers.js';

const a = dict({ w: [1, -2] });

describe('passthrough', () => {
  it('copies, or scales', async () => {
    expect(await values(await passthrough([a]))).toEqual({ w: [1, -2] });
    expect(await values(await passthrough([a], { scale: 0.5 }))).toEqual({ w: [0.5, -1] });
  });

  it('refuses more than one model', async () => {
    await expect(passthrough([a, a])).rejects.toThrow('passthrough: expected exactly one model, received 2');
  });
});
