import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kemenyRanking, localKemenyRanking } from '../../src/ranking/kemeny.js';
import { kendallDistance } from '../../src/ranking/ranking-agreement.js';

function permutations(items: number[]): number[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

/** The first order of least total distance, by trying all. */
function bruteForce(scores: number[][]): { order: number[]; distance: number } {
  const s = scores[0]!.length;
  let best = { order: [] as number[], distance: Infinity };
  for (const order of permutations(Array.from({ length: s }, (_, i) => i))) {
    let distance = 0;
    for (const row of scores)
      for (let i = 0; i < s; i++)
        for (let j = i + 1; j < s; j++) if (row[order[j]!]! > row[order[i]!]!) distance++;
    if (distance < best.distance) best = { order, distance };
  }
  return best;
}

const table = fc.integer({ min: 2, max: 6 }).chain((systems) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: systems, maxLength: systems }), {
    minLength: 1,
    maxLength: 7,
  }),
);

describe('kemenyRanking', () => {
  it('sides with the pairwise majorities where the mean is fooled by one task', () => {
    const scores = [
      [3, 2, 1],
      [3, 2, 1],
      [0, 1, 1000],
    ];
    const { order, distance } = kemenyRanking(scores);
    expect(order).toEqual([0, 1, 2]);
    expect(distance).toBe(3);
  });

  it('breaks a cycle of majorities at the least cost, the first columns first', () => {
    // 0 > 1 > 2 > 0, two votes to one each.
    const { order, distance } = kemenyRanking([
      [3, 2, 1],
      [1, 3, 2],
      [2, 1, 3],
    ]);
    expect(order).toEqual([0, 1, 2]);
    expect(distance).toBe(4);
  });

  it('agrees with trying all permutations', () => {
    fc.assert(
      fc.property(table, (scores) => {
        const { order, distance } = kemenyRanking(scores);
        expect({ order, distance }).toEqual(bruteForce(scores));
      }),
    );
  });

  it('answers the same for more systems than a byte has bits, and as fast as it should', () => {
    const scores = Array.from({ length: 5 }, (_, t) =>
      Array.from({ length: 14 }, (_, s) => (t === 0 ? 14 - s : s)),
    );
    expect(kemenyRanking(scores).order).toEqual(Array.from({ length: 14 }, (_, s) => 13 - s));
  });

  it('refuses more systems than it can search', () => {
    expect(() => kemenyRanking([Array.from({ length: 21 }, (_, s) => s)])).toThrow(
      'kemenyRanking: 21 systems are too many for the exact search (at most 20), use localKemenyRanking',
    );
  });
});

describe('localKemenyRanking', () => {
  it('is never better than the exact consensus and never improved by swapping neighbours', () => {
    fc.assert(
      fc.property(table, (scores) => {
        const { order, distance } = localKemenyRanking(scores);
        expect(distance).toBeGreaterThanOrEqual(kemenyRanking(scores).distance);
        for (let i = 0; i + 1 < order.length; i++) {
          const [a, b] = [order[i]!, order[i + 1]!];
          const above = scores.filter((row) => row[a]! > row[b]!).length;
          const below = scores.filter((row) => row[b]! > row[a]!).length;
          expect(above).toBeGreaterThanOrEqual(below);
        }
      }),
    );
  });

  it('measures the same distance as kendallDistance does', () => {
    const scores = [
      [3, 1, 2, 0],
      [0, 1, 2, 3],
    ];
    const { ranks, distance } = localKemenyRanking(scores);
    const total = scores.reduce(
      (sum, row) =>
        sum +
        kendallDistance(
          ranks.map((rank) => -rank),
          row,
        ) *
          6,
      0,
    );
    expect(distance).toBeCloseTo(total, 12);
  });
});
