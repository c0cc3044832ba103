import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearAssignment } from '../../src/index.js';
import golden from '../golden/align.json' with { type: 'json' };

/** The best total by trying all. */
function bruteForce(cost: number[], rows: number, columns: number): number {
  const best = (row: number, used: number, skips: number): number => {
    if (row === rows) return 0;
    let least = skips > 0 ? best(row + 1, used, skips - 1) : Infinity;
    for (let j = 0; j < columns; j++) {
      if (used & (1 << j)) continue;
      least = Math.min(least, cost[row * columns + j]! + best(row + 1, used | (1 << j), skips));
    }
    return least;
  };
  return best(0, 0, Math.max(0, rows - columns));
}

describe('linearAssignment', () => {
  it('pairs each row with its cheapest column where these differ', () => {
    expect(linearAssignment([3, 1, 2, 2, 3, 1, 1, 2, 3], 3, 3)).toMatchObject({
      columns: Int32Array.of(1, 2, 0),
      total: 3,
    });
  });

  it('gives up the cheapest pair where that costs less in all', () => {
    expect(linearAssignment([1, 2, 2, 100], 2, 2).columns).toEqual(Int32Array.of(1, 0));
    expect(linearAssignment([1, 2, 2, 100], 2, 2, { maximize: true }).total).toBe(101);
  });

  it.each(golden.assignments)(
    'reaches the totals of scipy for $rows × $columns',
    ({ rows, columns, cost, min, max }) => {
      expect(linearAssignment(cost, rows, columns).total).toBeCloseTo(min, 9);
      expect(linearAssignment(cost, rows, columns, { maximize: true }).total).toBeCloseTo(max, 9);
    },
  );

  it('is never beaten by trying all, and uses no column twice', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.double({ min: -9, max: 9, noNaN: true }));
    const problem = sizes.chain(([rows, columns]) =>
      fc.tuple(
        fc.constant(rows),
        fc.constant(columns),
        fc.array(value, { minLength: rows * columns, maxLength: rows * columns }),
      ),
    );
    fc.assert(
      fc.property(problem, ([rows, columns, cost]) => {
        const found = linearAssignment(cost, rows, columns);
        expect(found.total).toBeCloseTo(bruteForce(cost, rows, columns), 9);
        const used = [...found.columns].filter((column) => column >= 0);
        expect(used).toHaveLength(Math.min(rows, columns));
        expect(new Set(used).size).toBe(used.length);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('finds a planted permutation among 300, whatever prices are put on rows and columns', () => {
    const n = 300;
    const target = Int32Array.from({ length: n }, (_, i) => (i * 7 + 3) % n);
    const cost = Float64Array.from({ length: n * n }, (_, k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      return (target[i] === j ? 0 : 1 + ((i * 31 + j * 17) % 5)) + i * 0.25 - j * 0.5;
    });
    expect(linearAssignment(cost, n, n).columns).toEqual(target);
  });

  it('pairs the least with the greatest where costs are products, by the rearrangement inequality', () => {
    const n = 250;
    const places = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const);
    const whole = places.map(([i, j]) => i * j);
    const least = linearAssignment(whole, n, n);
    expect(least.columns).toEqual(Int32Array.from({ length: n }, (_, i) => n - 1 - i));
    expect(least.total).toBe((n * (n - 1) * (n - 2)) / 6);
    expect(linearAssignment(whole, n, n, { maximize: true }).total).toBe((n * (n - 1) * (2 * n - 1)) / 6);
    const [left, right] = [1, 2].map((seed) =>
      Array.from({ length: n }, (_, i) => Math.exp(Math.sin(seed + 7.3 * i))),
    );
    const { columns, total, prices } = linearAssignment(
      places.map(([i, j]) => left![i]! * right![j]!),
      n,
      n,
    );
    const falling = [...right!].sort((p, q) => q - p);
    const expected = [...left!].sort((p, q) => p - q).reduce((sum, value, i) => sum + value * falling[i]!, 0);
    expect(total).toBeCloseTo(expected, 9);
    for (let i = 0; i < n; i++) {
      const reduced = right!.map((value, j) => left![i]! * value - prices[j]!);
      expect(reduced[columns[i]!]!).toBeLessThan(Math.min(...reduced) + 1e-9);
    }
  });

  it('gives the same answer for equal costs every time, and leaves them unchanged', () => {
    const cost = Float64Array.from({ length: 400 }, () => 1);
    const first = linearAssignment(cost, 20, 20).columns;
    expect(linearAssignment(cost, 20, 20).columns).toEqual(first);
    expect(new Set(first).size).toBe(20);
    expect(cost.every((value) => value === 1)).toBe(true);
  });

  it('gives prices that prove the answer, and reaches the same total from those of a similar problem', () => {
    const n = 40;
    const { cost } = golden.assignments.find(({ rows, columns }) => rows === n && columns === n)!;
    const { columns, total, prices } = linearAssignment(cost, n, n);
    for (let i = 0; i < n; i++) {
      const reduced = Array.from({ length: n }, (_, j) => cost[i * n + j]! - prices[j]!);
      expect(reduced[columns[i]!]!).toBeLessThan(Math.min(...reduced) + 1e-9);
    }
    const other = cost.map((value, k) => value + 0.1 * Math.sin(k));
    const far = Float64Array.from({ length: n }, (_, j) => 100 * Math.cos(j));
    for (const start of [prices, far]) {
      expect(linearAssignment(other, n, n, { start }).total).toBeCloseTo(
        linearAssignment(other, n, n).total,
        9,
      );
    }
    expect(linearAssignment(cost, n, n, { start: prices }).total).toBeCloseTo(total, 9);
    expect(() => linearAssignment([1, 2], 1, 2, { start: new Float64Array(2) })).toThrow(
      'expected as many rows as columns and start prices, received 1, 2 and 2',
    );
  });

  it('refuses what is not finite, naming the place', () => {
    expect(() => linearAssignment([1, 2, NaN, 4], 2, 2)).toThrow(
      'linearAssignment: expected finite costs, received NaN in row 1, column 0',
    );
    expect(() => linearAssignment([1, -Infinity], 1, 2)).toThrow('received -Infinity in row 0, column 1');
  });

  it('refuses sizes that do not fit', () => {
    expect(() => linearAssignment([1, 2, 3], 2, 2)).toThrow('expected 2 × 2 = 4 costs, received 3');
    expect(() => linearAssignment([], 0, 1)).toThrow(
      'expected at least one row and one column, received 0 and 1',
    );
  });
});
