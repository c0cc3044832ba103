import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedSelect } from '../../src/internal/weighted-select.js';
import { ascendingOrder, weightedQuantile } from '../../src/internal/weighted-quantile.js';

const select = (keys: number[], weights: number[], target: number) => {
  const k = Float64Array.from(keys);
  const w = Float64Array.from(weights);
  const ids = Int32Array.from(keys.keys());
  return { at: weightedSelect(k, w, ids, keys.length, target), k, w, ids };
};

describe('weightedSelect', () => {
  it('stops at the key where the sorted running sum reaches the target', () => {
    // Ascending: 1 (weight 1), 2 (weight 4), 5 (weight 2): running sums 1, 5, 7.
    const { at, k, ids } = select([5, 1, 2], [2, 1, 4], 3);
    expect([k[at], ids[at], at]).toEqual([2, 2, 1]);
    expect(select([5, 1, 2], [2, 1, 4], 8).at).toBe(3);
  });

  it('agrees with sorting, keeps keys, weights and ids together, and puts smaller keys before', () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (entries, share) => {
          const keys = entries.map(([key]) => key);
          const weights = entries.map(([, weight]) => weight);
          const target = share * weights.reduce((a, b) => a + b, 0) * 0.999;
          const { at, k, w, ids } = select(keys, weights, target);
          expect(k[at]).toBe(
            weightedQuantile(
              keys,
              weights,
              ascendingOrder(keys),
              target / weights.reduce((a, b) => a + b, 0),
            ),
          );
          ids.forEach((id, i) => expect([keys[id], weights[id]]).toEqual([k[i], w[i]]));
          let before = 0;
          for (let i = 0; i < at; i++) {
            expect(k[i]).toBeLessThanOrEqual(k[at]!);
            before += w[i]!;
          }
          expect(before).toBeLessThan(target);
          expect(before + w[at]!).toBeGreaterThanOrEqual(target - 1e-9);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('weightedQuantile', () => {
  it('is the smallest value whose share of the weight reaches the level', () => {
    const order = ascendingOrder([30, 10, 20]);
    expect(
      [0.1, 0.25, 0.26, 0.5, 0.51, 1].map((level) => weightedQuantile([30, 10, 20], [2, 1, 1], order, level)),
    ).toEqual([10, 10, 20, 20, 30, 30]);
  });
});
