import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogramBins } from '../../src/charts/internal/histogram-bins.js';

const bins = (values: number[][], wanted?: number) =>
  histogramBins({
    type: 'histogram',
    title: 't',
    bins: wanted,
    series: values.map((one, i) => ({ name: `${i}`, values: one })),
  });

describe('histogramBins', () => {
  it('counts a value on a border in the interval that begins there, and the greatest in the last', () => {
    expect(bins([[0, 1, 2, 3]], 3)).toEqual({ edges: [0, 1, 2, 3], counts: [[1, 1, 2]] });
  });

  it('covers values on both sides of zero with one wide interval each', () => {
    expect(bins([[-0.001, 1]], 1)).toEqual({ edges: [-1, 0, 1], counts: [[1, 1]] });
  });

  it('gives a single distinct value one interval of width 1', () => {
    expect(bins([[7, 7], [7]])).toEqual({ edges: [6.5, 7.5], counts: [[2], [1]] });
  });

  it('counts every value once, in ascending intervals that cover all of them', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }),
        fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
        (series, wanted) => {
          const { edges, counts } = bins(series, wanted);
          expect(counts.map((count) => count.reduce((a, b) => a + b))).toEqual(
            series.map((one) => one.length),
          );
          expect([...edges].sort((a, b) => a - b)).toEqual(edges);
          expect(edges[0]).toBeLessThanOrEqual(Math.min(...series.flat()));
          expect(edges.at(-1)).toBeGreaterThanOrEqual(Math.max(...series.flat()));
        },
      ),
    );
  });
});
