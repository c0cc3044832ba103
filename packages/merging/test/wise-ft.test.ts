import { describe, expect, it } from 'vitest';
import { wiseFt } from '../src/index.js';
import { dict, values } from './helpers.js';

const [zeroShot, fineTuned] = [dict({ w: [1, -2] }), dict({ w: [3, 2] })];

describe('wiseFt', () => {
  it('goes from one model to the other, half way by default', async () => {
    expect(await values(await wiseFt(zeroShot, fineTuned))).toEqual({ w: [2, 0] });
    expect(await values(await wiseFt(zeroShot, fineTuned, { alpha: 0.25 }))).toEqual({ w: [1.5, -1] });
    expect(await values(await wiseFt(zeroShot, fineTuned, { alpha: 0 }))).toEqual({ w: [1, -2] });
    expect(await values(await wiseFt(zeroShot, fineTuned, { alpha: 1 }))).toEqual({ w: [3, 2] });
  });

  it('goes beyond only when told to', async () => {
    await expect(wiseFt(zeroShot, fineTuned, { alpha: 1.5 })).rejects.toThrow(
      'wiseFt: expected alpha to be a number from 0 to 1, received 1.5',
    );
    expect(await values(await wiseFt(zeroShot, fineTuned, { alpha: 1.5, extrapolate: true }))).toEqual({
      w: [4, 4],
    });
  });

  it('refuses heads of different size', async () => {
    await expect(wiseFt(zeroShot, dict({ w: [1, 2, 3] }))).rejects.toThrow(
      'wiseFt: fineTuned "w": expected shape [2] as in zeroShot, received [3]',
    );
  });
});
