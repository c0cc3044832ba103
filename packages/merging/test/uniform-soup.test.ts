import { describe, expect, it } from 'vitest';
import { uniformSoup } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('uniformSoup', () => {
  it('is the mean of the models', async () => {
    const models = [dict({ w: [[1, 2]] }), dict({ w: [[2, 4]] }), dict({ w: [[6, -3]] })];
    const soup = await uniformSoup(models);
    expect(soup.w!.shape).toEqual([1, 2]);
    expect(await values(soup)).toEqual({ w: [3, 1] });
  });

  it('of one model is that model', async () => {
    expect(await values(await uniformSoup([dict({ w: [0.1, -0.2] })]))).toEqual({
      w: [Math.fround(0.1), Math.fround(-0.2)],
    });
  });
});
