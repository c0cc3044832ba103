import { describe, expect, it } from 'vitest';
import { modelStock } from '../src/index.js';
import { dict, values } from './helpers.js';

const zeros = dict({
  w: [
    [0, 0],
    [0, 0],
  ],
});

describe('modelStock', () => {
  it('stays at the base when changes are orthogonal', async () => {
    const models = [
      dict({
        w: [
          [1, 0],
          [0, 0],
        ],
      }),
      dict({
        w: [
          [0, 1],
          [0, 0],
        ],
      }),
    ];
    expect(await values(await modelStock(zeros, models))).toEqual({ w: [0, 0, 0, 0] });
  });

  it('goes 2c / (1 + c) of the way to the mean of two', async () => {
    // The cosine between (2, 0, …) and (1, √3, …) is 1/2: 2/3 of the way.
    const models = [
      dict({
        w: [
          [2, 0],
          [0, 0],
        ],
      }),
      dict({
        w: [
          [1, Math.sqrt(3)],
          [0, 0],
        ],
      }),
    ];
    const { w } = await values(await modelStock(zeros, models));
    expect(w![0]).toBeCloseTo((2 / 3) * 1.5, 6);
    expect(w![1]).toBeCloseTo((2 / 3) * (Math.sqrt(3) / 2), 6);
  });

  it('has an angle for every row when asked to', async () => {
    const models = [
      dict({
        w: [
          [1, 0],
          [1, 1],
        ],
      }),
      dict({
        w: [
          [0, 1],
          [1, 1],
        ],
      }),
    ];
    expect(await values(await modelStock(zeros, models, { filterWise: true }))).toEqual({ w: [0, 0, 1, 1] });
  });

  it('stays at the base when changes point away from each other, but for compat "mergekit"', async () => {
    const models = [
      dict({
        w: [
          [3, 0],
          [0, 0],
        ],
      }),
      dict({
        w: [
          [-1, 0],
          [0, 0],
        ],
      }),
    ];
    const other = [
      models[0]!,
      dict({
        w: [
          [-1, 3],
          [0, 0],
        ],
      }),
    ];
    expect((await values(await modelStock(zeros, other))).w!.map(Math.abs)).toEqual([0, 0, 0, 0]);
    const held: string[] = [];
    const onHeld = (name: string) => held.push(name);
    await modelStock(zeros, other, { onHeld });
    await modelStock(zeros, other, { onHeld, filterWise: true });
    await modelStock(zeros, other, { onHeld, compat: 'mergekit' });
    await modelStock(zeros, [models[0]!, models[0]!], { onHeld });
    expect(held).toEqual(['w', 'w']);
    // c = -1/√10, t = 2c / (1 + c) = -0.925: against the mean (1, 1.5).
    const { w } = await values(await modelStock(zeros, other, { compat: 'mergekit' }));
    const t = -2 / Math.sqrt(10) / (1 - 1 / Math.sqrt(10));
    expect(w![0]).toBeCloseTo(t, 5);
    expect(w![1]).toBeCloseTo(1.5 * t, 5);
  });

  it('refuses fewer than two models', async () => {
    await expect(modelStock(zeros, [zeros])).rejects.toThrow(
      'modelStock: expected at least two models, received 1',
    );
  });
});
