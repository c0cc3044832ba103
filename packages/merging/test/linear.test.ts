import { describe, expect, it } from 'vitest';
import { linear, uniformSoup } from '../src/index.js';
import { dict, values } from './helpers.js';

const a = dict({ w: [1, 2], b: [0] });
const b = dict({ w: [3, 6], b: [4] });

describe('linear', () => {
  it('divides by the sum of the weights', async () => {
    expect(await values(await linear([a, b], { weights: [3, 1] }))).toEqual({ w: [1.5, 3], b: [1] });
  });

  it('leaves the sum as it is when normalize is false', async () => {
    const merged = await linear([a, b], { weights: [2, -1], normalize: false });
    expect(await values(merged)).toEqual({ w: [-1, -2], b: [-4] });
  });

  it('weighs all models alike by default', async () => {
    expect(await values(await linear([a, b]))).toEqual(await values(await uniformSoup([a, b])));
  });

  it('rounds once: a sum that float32 cannot hold on the way is right in the end', async () => {
    const models = [dict({ w: [2 ** 24] }), dict({ w: [1] }), dict({ w: [-(2 ** 24)] })];
    expect(await values(await linear(models, { normalize: false }))).toEqual({ w: [1] });
  });

  it('refuses weights that are NaN, too few, or sum to 0', async () => {
    await expect(linear([a, b], { weights: [1, NaN] })).rejects.toThrow(
      'linear: expected a finite weight for models[1], received NaN',
    );
    await expect(linear([a, b], { weights: [1] })).rejects.toThrow(
      'linear: expected 2 weights, one per model, received 1',
    );
    await expect(linear([a, b], { weights: [1, -1] })).rejects.toThrow(
      'linear: expected weights whose sum is not 0, to normalize by it, received [1, -1]; pass { normalize: false } or other weights',
    );
  });
});
