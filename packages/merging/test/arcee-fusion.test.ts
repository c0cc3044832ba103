import { describe, expect, it } from 'vitest';
import { arceeFusion } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('arceeFusion', () => {
  it('copies the weights that stand out', async () => {
    const base = dict({
      w: [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    });
    const model = dict({
      w: [
        [0.1, 0, 0.1, 0],
        [5, 0, 0, 0],
      ],
    });
    // Five of eight scores are 0 and two are small and equal: the threshold is 1.5 of those.
    expect((await values(await arceeFusion(base, model))).w).toEqual([0, 0, 0, 0, 5, 0, 0, 0]);
  });

  it('of a model with itself is that model', async () => {
    const base = dict({ w: [1, -2, 3] });
    expect(await values(await arceeFusion(base, base))).toEqual(await values(base));
  });
});
