import { describe, expect, it } from 'vitest';
import { slerp } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('slerp', () => {
  it('halfway between two right angles is the diagonal, at full length', async () => {
    const { w } = await values(await slerp([dict({ w: [1, 0] }), dict({ w: [0, 1] })], { t: 0.5 }));
    expect(w![0]).toBeCloseTo(Math.SQRT1_2, 7);
    expect(w![1]).toBeCloseTo(Math.SQRT1_2, 7);
  });

  it('goes straight between parallel and between opposite tensors', async () => {
    const [a, parallel, opposite] = [dict({ w: [1, 2] }), dict({ w: [3, 6] }), dict({ w: [-1, -2] })];
    expect(await values(await slerp([a, parallel], { t: 0.25 }))).toEqual({ w: [1.5, 3] });
    expect(await values(await slerp([a, opposite], { t: 0.25 }))).toEqual({ w: [0.5, 1] });
  });

  it('takes a tensor of zeros as orthogonal', async () => {
    const { w } = await values(await slerp([dict({ w: [0, 0] }), dict({ w: [2, 0] })], { t: 0.5 }));
    expect(w![0]).toBeCloseTo(2 * Math.SQRT1_2, 6);
  });

  it('treats every tensor on its own', async () => {
    const a = dict({ x: [1, 0], y: [1, 1] });
    const b = dict({ x: [0, 1], y: [2, 2] });
    const { x, y } = await values(await slerp([a, b], { t: 0.5 }));
    expect(x![0]).toBeCloseTo(Math.SQRT1_2, 7);
    expect(y).toEqual([1.5, 1.5]);
  });

  it('refuses t outside [0, 1] and anything but two models', async () => {
    const a = dict({ w: [1] });
    await expect(slerp([a, a], { t: 1.5 })).rejects.toThrow(
      'slerp: expected t to be a number from 0 to 1, received 1.5',
    );
    await expect(slerp([a, a], { t: NaN })).rejects.toThrow('received NaN');
    await expect(slerp([a], { t: 0.5 })).rejects.toThrow('slerp: expected exactly two models, received 1');
  });
});
