import { describe, expect, it } from 'vitest';
import { nuslerp } from '../src/index.js';
import { dict, values } from './helpers.js';

const [x, y] = [
  dict({
    w: [
      [2, 0],
      [3, 0],
    ],
  }),
  dict({
    w: [
      [0, 2],
      [3, 0],
    ],
  }),
];

describe('nuslerp', () => {
  it('goes from the first model to the second by their weights', async () => {
    const [a, b] = [dict({ w: [1, 0] }), dict({ w: [0, 1] })];
    const third = await values(await nuslerp([a, b], { weights: [2, 1] }));
    expect(third.w![0]).toBeCloseTo(Math.cos(Math.PI / 6), 7);
    expect(third.w![1]).toBeCloseTo(Math.sin(Math.PI / 6), 7);
  });

  it('treats every row as a vector when asked to', async () => {
    const { w } = await values(await nuslerp([x, y], { along: 'row' }));
    [Math.SQRT2, Math.SQRT2, 3, 0].forEach((value, j) => expect(w![j]).toBeCloseTo(value, 6));
  });

  it('treats every column as a vector when asked to', async () => {
    const { w } = await values(await nuslerp([x, y], { along: 'column' }));
    // First columns (2, 3) and (0, 3), second columns 0 and (2, 0).
    const theta = Math.acos(9 / Math.sqrt(13) / 3);
    const factor = Math.sin(theta / 2) / Math.sin(theta);
    expect(w![0]).toBeCloseTo(2 * factor, 6);
    expect(w![2]).toBeCloseTo(6 * factor, 6);
    expect(w![1]).toBeCloseTo(2 * Math.SQRT1_2, 6);
  });

  it('interpolates changes to a base, and adds them to it', async () => {
    const base = dict({ w: [10, 10] });
    const { w } = await values(await nuslerp([dict({ w: [11, 10] }), dict({ w: [10, 11] })], { base }));
    w!.forEach((value) => expect(value).toBeCloseTo(10 + Math.SQRT1_2, 5));
  });

  it('goes straight between parallel vectors, and half way when the weights cancel', async () => {
    const merged = await nuslerp([dict({ w: [1, 1] }), dict({ w: [3, 3] })], { weights: [1, -1] });
    expect(await values(merged)).toEqual({ w: [2, 2] });
  });

  it('refuses another number of models and unknown directions', async () => {
    await expect(nuslerp([x])).rejects.toThrow('nuslerp: expected exactly two models, received 1');
    await expect(nuslerp([x, y], { along: 'diagonal' as 'row' })).rejects.toThrow('received diagonal');
  });
});
