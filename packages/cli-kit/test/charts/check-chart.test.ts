import { describe, expect, it } from 'vitest';
import { chartTable, renderChart, type ChartSpec } from '../../src/charts/index.js';

const one = { name: 's', x: [1, 2], y: [1, 2] };
const bar = { type: 'bar', title: 't', categories: ['a', 'b'] } as const;
const heat = { type: 'heatmap', title: 't', rows: ['a'], columns: ['b', 'c'] } as const;

const pictures = { type: 'images', title: 't', rows: ['a'], columns: ['b'], size: [1, 2] } as const;

const refused: [string, object, string][] = [
  [
    'a picture of another size',
    { ...pictures, images: [[[1, 2, 3]]] },
    'images[0][0] has 3 values, expected 2',
  ],
  ['a pixel that is no number', { ...pictures, images: [[[1, NaN]]] }, 'images[0][0][1] is NaN'],
  ['too few pictures', { ...pictures, images: [[]] }, 'images[0] has 0 pictures, expected 1 as in columns'],
  ['too few rows of pictures', { ...pictures, images: [] }, 'images has 0 rows, expected 1 as in rows'],
  [
    'pictures without size',
    { ...pictures, size: [0, 2], images: [[[]]] },
    'size is [0, 2], expected whole numbers',
  ],
  [
    'too many pixels',
    { ...pictures, size: [400, 400], images: [] },
    '160000 pixels in all, expected at most 100000',
  ],

  [
    'an unknown type',
    { type: 'pie', title: 't' },
    'chart: type is "pie", expected line, bar, heatmap, scatter, histogram or images',
  ],
  ['no series', { type: 'line', title: 't', series: [] }, 'chart: series is empty, expected at least one'],
  [
    'an empty series',
    { type: 'line', title: 't', series: [{ name: 's', x: [], y: [] }] },
    'series[0] "s" x is empty',
  ],
  [
    'a NaN',
    { type: 'scatter', title: 't', series: [one, { name: 'u', x: [1], y: [NaN] }] },
    'series[1] "u" y[0] is NaN, expected a finite number',
  ],
  [
    'an infinity',
    { type: 'line', title: 't', series: [{ ...one, x: [1, Infinity] }] },
    'series[0] "s" x[1] is Infinity',
  ],
  [
    'lengths that differ',
    { type: 'line', title: 't', series: [{ ...one, y: [1] }] },
    'series[0] "s" has 2 x values and 1 y values',
  ],
  [
    'a name used twice',
    { type: 'line', title: 't', series: [one, one] },
    'series[1] is called "s" as one before it',
  ],
  [
    'zero on a log axis',
    { type: 'line', title: 't', yAxis: { scale: 'log' }, series: [{ ...one, y: [1, 0] }] },
    'series[0] "s" y[1] is 0, expected a number above 0 for a log axis',
  ],
  [
    'a band that is too short',
    { type: 'line', title: 't', series: [{ ...one, band: { lower: [0], upper: [2, 3] } }] },
    'band.lower has 1 values, expected 2',
  ],
  [
    'a band upside down',
    { type: 'line', title: 't', series: [{ ...one, band: { lower: [0, 9], upper: [2, 3] } }] },
    'band.lower[1] is 9, above band.upper[1], 3',
  ],
  [
    'a range upside down',
    { type: 'line', title: 't', xAxis: { range: [2, 1] }, series: [one] },
    'xAxis.range is [2, 1], expected two finite numbers, the smaller first',
  ],
  [
    'a log range from zero',
    { type: 'line', title: 't', yAxis: { scale: 'log', range: [0, 1] }, series: [one] },
    'yAxis.range is [0, 1], expected two numbers above 0',
  ],
  ['no categories', { ...bar, categories: [], series: [{ name: 's', values: [] }] }, 'categories is empty'],
  [
    'bars that do not fit the categories',
    { ...bar, series: [{ name: 's', values: [1] }] },
    'series[0] "s" values has 1 values, expected 2',
  ],
  [
    'negative errors',
    { ...bar, series: [{ name: 's', values: [1, 2], errors: [0, -1] }] },
    'errors[1] is -1, expected 0 or more',
  ],
  ['a heat map with a row too few', { ...heat, values: [] }, 'values has 0 rows, expected 1 as in rows'],
  ['a heat map with a ragged row', { ...heat, values: [[1]] }, 'values[0] has 1 values, expected 2'],
  ['a heat map with a NaN', { ...heat, values: [[1, NaN]] }, 'values[0][1] is NaN'],
  [
    'no bins',
    { type: 'histogram', title: 't', bins: 0, series: [{ name: 's', values: [1] }] },
    'bins is 0, expected a whole number from 1 to 200',
  ],
  [
    'a histogram of nothing',
    { type: 'histogram', title: 't', series: [{ name: 's', values: [] }] },
    'series[0] "s" values is empty',
  ],
  ['a width of zero', { ...heat, width: 0, values: [[1, 2]] }, 'width is 0, expected 160 to 4000 px'],
];

describe('the front door of charts', () => {
  it.each(refused)('refuses %s, when drawing and when listing', (_fault, chart, message) => {
    expect(() => renderChart(chart as ChartSpec)).toThrow(message);
    expect(() => chartTable(chart as ChartSpec)).toThrow(message);
  });
});
