import { describe, expect, it } from 'vitest';
import { chartTable } from '../../src/charts/index.js';

describe('chartTable', () => {
  it('lists every point of lines, with the band where there is one', () => {
    const table = chartTable({
      type: 'line',
      title: 't',
      xAxis: { label: 'step' },
      series: [
        { name: 'a', x: [1], y: [2], band: { lower: [1], upper: [3] } },
        { name: 'b', x: [4], y: [5] },
      ],
    });
    expect(table).toEqual({
      columns: ['series', 'step', 'y', 'lower', 'upper'],
      rows: [
        ['a', 1, 2, 1, 3],
        ['b', 4, 5, null, null],
      ],
    });
  });

  it('sums pictures up', () => {
    const chart = { type: 'images', title: 't', rows: ['a'], columns: ['b'], size: [1, 3] } as const;
    expect(chartTable({ ...chart, images: [[[1, 2, 6]]] }).rows).toEqual([['a', 'b', 1, 3, 6]]);
  });

  it('lists bars by category with their errors', () => {
    const table = chartTable({
      type: 'bar',
      title: 't',
      categories: ['x', 'y'],
      series: [
        { name: 'a', values: [1, 2], errors: [0.1, 0.2] },
        { name: 'b', values: [3, 4] },
      ],
    });
    expect(table.columns).toEqual(['', 'a', 'a ±', 'b']);
    expect(table.rows).toEqual([
      ['x', 1, 0.1, 3],
      ['y', 2, 0.2, 4],
    ]);
  });

  it('lists a heat map as the grid it is', () => {
    const table = chartTable({
      type: 'heatmap',
      title: 't',
      rows: ['r'],
      columns: ['c', 'd'],
      rowLabel: 'true',
      columnLabel: 'predicted',
      values: [new Float32Array([1, 2])],
    });
    expect(table).toEqual({ columns: ['true \\ predicted', 'c', 'd'], rows: [['r', 1, 2]] });
  });

  it('lists the intervals and counts of a histogram, as numpy counts them with the same borders', () => {
    // numpy 1.24.2: np.histogram([0, .5, 1, 1, 2.2, 3], bins=[0, 1, 2, 3]) and of [1.5, 2.9, 0.1] give these counts
    const table = chartTable({
      type: 'histogram',
      title: 't',
      bins: 3,
      series: [
        { name: 'a', values: [0, 0.5, 1, 1, 2.2, 3] },
        { name: 'b', values: [1.5, 2.9, 0.1] },
      ],
    });
    expect(table.columns).toEqual(['from', 'to', 'a', 'b']);
    expect(table.rows).toEqual([
      [0, 1, 2, 1],
      [1, 2, 2, 1],
      [2, 3, 2, 1],
    ]);
  });
});
