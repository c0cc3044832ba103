import { describe, expect, it } from 'vitest';
import { add, key, matmul, mul, normal, tensor } from '@weightloom/tensor-gpu';
import { liftMask, type LiftMaskOptions, moveMasks, sparseAdamw } from '../../src/index.js';

describe('liftMask', () => {
  it('chooses the largest entries of the low-rank approximation, by hand', () => {
    // Rank one: u vᵀ with u = [2, 1], v = [3, 0, 1] plus nothing: entries 6 0 2 / 3 0 1
    const weight = tensor([
      [6, 0, 2],
      [3, 0, 1],
    ]);
    expect([...liftMask(weight, { filterRank: 1, count: 2 })]).toEqual([0, 3]);
    expect([...liftMask(weight, { filterRank: 1, count: 4 })]).toEqual([0, 2, 3, 5]);
    expect([...liftMask(weight, { filterRank: 1, count: 2, select: 'reversed' })]).toEqual([1, 4]);
    expect(liftMask(weight, { filterRank: 1, loraRank: 1 })).toHaveLength(5);
    expect(liftMask(weight, { filterRank: 1, loraRank: 9 })).toHaveLength(6);
  });

  it('sees through noise that misleads magnitude', () => {
    for (const seed of [0, 1, 2]) {
      const signal = matmul(normal(key(seed), [64, 4]), normal(key(seed + 10), [4, 96]));
      const noisy = add(signal, mul(normal(key(seed + 20), [64, 96]), 1));
      const count = Math.floor(64 * 96 * 0.05);
      const truth = new Set(liftMask(signal, { filterRank: 4, count, select: 'magnitude' }));
      const overlap = (select: 'lift' | 'magnitude') =>
        [...liftMask(noisy, { filterRank: 4, count, select })].filter((at) => truth.has(at)).length / count;
      expect(overlap('lift')).toBeGreaterThan(overlap('magnitude') + 0.1);
    }
  });

  it('chooses by gradients and movement as well, by hand', () => {
    const weight = tensor([
      [6, 0, 2],
      [3, 0, 1],
    ]);
    const mask = (select: LiftMaskOptions['select'], more: Partial<LiftMaskOptions> = {}) => [
      ...liftMask(weight, { filterRank: 1, count: 2, select, ...more }),
    ];
    // The rank-one part of this gradient is its second column; 5 stands alone at right angles to it.
    const gradient = tensor([
      [0, 4, 0],
      [5, 0, 0],
    ]);
    expect(mask('gradient', { gradient })).toEqual([1, 3]);
    // u = [1, 1] / √2, v = [3, 4, 0] / 5 at σ = 10, and beside it σ = 1: u = [1, -1] / √2, v = [4, -3, 0] / 5.
    const [large, small] = [10 / Math.sqrt(2) / 5, 1 / Math.sqrt(2) / 5];
    const mixed = tensor([
      [3 * large + 4 * small, 4 * large - 3 * small, 0],
      [3 * large - 4 * small, 4 * large + 3 * small, 0],
    ]);
    expect(mask('filteredGradient', { gradient: mixed })).toEqual([1, 4]);
    expect(mask('filteredGradient', { gradient })).toEqual([0, 3]);
    const movement = tensor([
      [-9, 1, 2],
      [0, -1, -8],
    ]);
    expect(mask('movement', { movement })).toEqual([1, 2]);
  });

  it('takes the stable rank for the filter where asked to', () => {
    // σ = 2, 2, 1: the stable rank is 9 / 4, so that two are kept and 1 is not.
    const weight = tensor([
      [0, 2, 0],
      [0, 0, 1],
      [2, 0, 0],
    ]);
    expect([...liftMask(weight, { filterRank: 1, count: 3, select: 'stableRank' })]).toEqual([0, 1, 6]);
    expect([...liftMask(tensor([[0, 0]]), { filterRank: 1, count: 1, select: 'stableRank' })]).toEqual([0]);
  });

  it('refuses ranks, budgets and weights out of range', () => {
    const weight = normal(key(0), [4, 3]);
    expect(() => liftMask(weight, { filterRank: 4, count: 1 })).toThrow(
      'expected filterRank from 1 to 3, received 4',
    );
    expect(() => liftMask(weight, { filterRank: 1 })).toThrow(
      'expected a budget (count or loraRank) of 1 to 12 entries, received NaN',
    );
    for (const count of [0, 13, 1.5]) {
      expect(() => liftMask(weight, { filterRank: 1, count })).toThrow(`received ${count}`);
    }
    expect(() => liftMask(weight, { filterRank: 1, count: 1, select: 'gradient' })).toThrow(
      'liftMask: expected gradient for gradient, received none',
    );
    const wrong = { movement: normal(key(1), [3, 4]) };
    expect(() => liftMask(weight, { filterRank: 1, count: 1, select: 'movement', ...wrong })).toThrow(
      'liftMask: movement: expected the shape [4, 3] of the weight, received [3, 4]',
    );
    expect(() => liftMask(weight, { filterRank: 1, count: 1, select: 'random' })).toThrow(
      'expected a key for random',
    );
    expect(() => liftMask(tensor([1]), { filterRank: 1, count: 1 })).toThrow(
      'expected a matrix, received [1]',
    );
    expect(() => liftMask(tensor([[NaN]]), { filterRank: 1, count: 1 })).toThrow('expected finite values');
  });
});

describe('sparseAdamw', () => {
  const mask = { w: Int32Array.of(0, 2, 3) };

  it('moves masked entries as NumPy computes it, and no others', () => {
    const optimizer = sparseAdamw(mask, { learningRate: 0.1, weightDecay: 0.01 });
    let w = tensor([
      [1, 9],
      [2, 3],
    ]);
    let state = optimizer.init({ w });
    for (const g of [
      [
        [0.5, 7],
        [-1, 2],
      ],
      [
        [-0.25, 7],
        [0.5, 1],
      ],
    ]) {
      const step = optimizer.update({ w: tensor(g) }, state, { w });
      w = add(w, step.updates.w!);
      state = step.state;
    }
    // NumPy 1.24.2, the update rule of the doc comment, two steps on [1, 2, 3] with these gradients
    const [a, b, c, d] = w.dataSync();
    expect(a).toBeCloseTo(EXPECTED[0]!, 5);
    expect(b).toBe(9);
    expect(c).toBeCloseTo(EXPECTED[1]!, 5);
    expect(d).toBeCloseTo(EXPECTED[2]!, 5);
  });

  it('remembers as many numbers as are masked, twice', () => {
    const state = sparseAdamw(mask, { learningRate: 0.1 }).init({
      w: tensor([
        [1, 9],
        [2, 3],
      ]),
    }) as unknown as { moments: Record<string, { mean: { size: number }; square: { size: number } }> };
    expect([state.moments.w!.mean.size, state.moments.w!.square.size]).toEqual([3, 3]);
  });

  it('carries moments over to other masks: those in both stay, new ones start at zero', async () => {
    const optimizer = sparseAdamw(mask, { learningRate: 0.1 });
    const w = tensor([
      [1, 9],
      [2, 3],
    ]);
    const { state } = optimizer.update(
      {
        w: tensor([
          [1, 2],
          [3, 4],
        ]),
      },
      optimizer.init({ w }),
      { w },
    );
    const moved = (await moveMasks(state, { w: Int32Array.of(1, 2, 3) })) as unknown as {
      count: { item(): number };
      moments: { w: { mean: { dataSync(): ArrayLike<number> } } };
    };
    expect(Array.from(moved.moments.w.mean.dataSync(), (x) => Math.round(x * 1e6) / 1e6)).toEqual([
      0, 0.3, 0.4,
    ]);
    expect(moved.count.item()).toBe(1);
  });

  it('leaves weights without a mask alone and refuses places outside', () => {
    const optimizer = sparseAdamw(mask, { learningRate: 0.1 });
    const own = {
      w: tensor([
        [1, 9],
        [2, 3],
      ]),
      v: tensor([5]),
    };
    const { updates } = optimizer.update({ w: own.w, v: own.v }, optimizer.init(own), own);
    expect(updates.v!.item()).toBe(0);
    expect(() => sparseAdamw({ w: Int32Array.of(4) }, { learningRate: 0.1 }).init(own)).toThrow(
      '"w": expected ascending places below 4, received 4',
    );
    for (const mask of [Int32Array.of(-1, 2), Int32Array.of(2, 1), Int32Array.of(1, 1)])
      expect(() => sparseAdamw({ w: mask }, { learningRate: 0.1 }).init(own)).toThrow(
        'expected ascending places',
      );
    expect(() => sparseAdamw(mask, { learningRate: 0.1, beta2: 1 })).toThrow('expected beta2 in [0, 1)');
    expect(() => sparseAdamw(mask, { learningRate: -1 })).toThrow('expected learningRate of at least 0');
  });
});

const EXPECTED = [0.8714751210126872, 2.1225317913554638, 2.8008879344616426];
