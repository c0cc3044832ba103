import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatrixInput } from '../../src/internal/matrix.js';
import { weightedIntervalScores } from '../../src/scores/weighted-interval-score.js';
import {
  crossingRows,
  isotonicQuantiles,
  sortQuantiles,
  sortQuantilesVjp,
  sweepQuantiles,
} from '../../src/aggregation/monotone-quantiles.js';

/** Pinball loss summed over levels; twice it is the sum form of the WIS on symmetric levels. */
const pinball = (y: number, row: ArrayLike<number>, levels: readonly number[]) =>
  levels.reduce((sum, level, k) => sum + Math.max(level * (y - row[k]!), (level - 1) * (y - row[k]!)), 0);

describe('monotone operators on quantile rows', () => {
  const row = [[2, 1, 5, 3, 4]];

  it('sort, pool and sweep one row as by hand', () => {
    expect([...sortQuantiles(row).data]).toEqual([1, 2, 3, 4, 5]);
    expect([...isotonicQuantiles(row).data]).toEqual([1.5, 1.5, 4, 4, 4]);
    expect([...sweepQuantiles(row).data]).toEqual([1, 1, 5, 5, 5]);
    expect([...sweepQuantiles(row, { from: 'up' }).data]).toEqual([2, 2, 5, 5, 5]);
    // Maximum up 2 2 5 5 5, minimum down 1 1 3 3 4.
    expect([...sweepQuantiles(row, { from: 'average' }).data]).toEqual([1.5, 1.5, 4, 4, 4.5]);
  });

  it('never raise the pinball loss and so the WIS, when sorting or pooling, for any row and any target', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    const level = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(
        value,
        fc.uniqueArray(fc.tuple(level, value), { minLength: 1, maxLength: 15, selector: ([l]) => l }),
        (y, cells) => {
          const levels = cells.map(([l]) => l).sort((a, b) => a - b);
          const q = cells.map(([, v]) => v);
          const before = pinball(y, q, levels);
          expect(pinball(y, sortQuantiles([q]).data, levels)).toBeLessThanOrEqual(before + 1e-10);
          expect(pinball(y, isotonicQuantiles([q]).data, levels)).toBeLessThanOrEqual(before + 1e-10);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never raise the weighted interval score on a symmetric grid', () => {
    const levels = [0.05, 0.25, 0.5, 0.75, 0.95];
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(value, fc.array(value, { minLength: 5, maxLength: 5 }), (y, q) => {
        const wis = (rows: MatrixInput) => weightedIntervalScores([y], rows, levels).total[0]!;
        expect(wis(sortQuantiles([q]))).toBeLessThanOrEqual(wis([q]) + 1e-10);
        expect(wis(isotonicQuantiles([q]))).toBeLessThanOrEqual(wis([q]) + 1e-10);
      }),
      { numRuns: 2000 },
    );
  });

  it('leave no crossing behind and keep rows that are in order', () => {
    const rows = fc.integer({ min: 1, max: 8 }).chain((m) =>
      fc.array(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: m, maxLength: m }), {
        minLength: 1,
        maxLength: 5,
      }),
    );
    fc.assert(
      fc.property(rows, (q) => {
        for (const operator of [sortQuantiles, isotonicQuantiles, sweepQuantiles]) {
          const out = operator(q);
          expect(crossingRows(out)).toEqual([]);
          expect(operator(out)).toEqual(out);
        }
      }),
    );
  });

  it('do not touch their input', () => {
    const data = Float64Array.of(2, 1);
    sortQuantiles({ data, rows: 1, columns: 2 });
    expect([...data]).toEqual([2, 1]);
  });

  it('refuse NaN with its row and column, and an unknown sweep', () => {
    expect(() =>
      sortQuantiles([
        [1, 2],
        [3, NaN],
      ]),
    ).toThrow('sortQuantiles: predictions is NaN at row 1, column 1');
    expect(() => sweepQuantiles(row, { from: 'down' as never })).toThrow(
      'from is "down", expected one of median, up, average',
    );
  });
});

describe('crossingRows', () => {
  it('lists the rows that fall somewhere; equal values do not cross', () => {
    expect(
      crossingRows([
        [1, 2, 3],
        [1, 3, 2],
        [1, 1, 1],
      ]),
    ).toEqual([1]);
  });
});

describe('sortQuantilesVjp', () => {
  it('sends each gradient back to where its value came from', () => {
    expect([...sortQuantilesVjp([[3, 1, 2]], [[10, 20, 30]]).data]).toEqual([30, 10, 20]);
  });

  it('refuses a gradient of another shape', () => {
    expect(() => sortQuantilesVjp([[1, 2]], [[1]])).toThrow(
      'sortQuantilesVjp: gradient is [1, 1], expected [1, 2]',
    );
  });
});
