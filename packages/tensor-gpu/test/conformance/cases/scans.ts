import * as t from '../../../src/index.js';
import { distinct, exactly, float, int } from '../inputs.js';
import { alongAxis, type Nd, nd, reduce, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

type Reduce = (values: number[]) => number;
const sum: Reduce = (v) => v.reduce((a, b) => a + b, 0);

const argRows = (['argmax', 'argmin'] as const).flatMap((op) => {
  const f: Reduce = (v) => {
    const nanAt = v.findIndex(Number.isNaN);
    return nanAt >= 0 ? nanAt : v.indexOf(op === 'argmax' ? Math.max(...v) : Math.min(...v));
  };
  return [
    row(
      op,
      'along an axis',
      [distinct([3, 5])],
      (x) => t[op](x, 1),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'along the first axis of many columns',
      [distinct([7, 21])],
      (x) => t[op](x, 0),
      (x) => reduce(f, x, [0]),
    ),
    row(
      op,
      'along a long row',
      [distinct([2, 75])],
      (x) => t[op](x, -1),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'of everything',
      [distinct([2, 3, 4])],
      (x) => t[op](x),
      (x) => reduce(f, nd([24], x.data)),
    ),
    row(
      op,
      'takes the first of equals',
      [int([6, 9], 0, 3)],
      (x) => t[op](x, 1),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'takes the first NaN',
      [exactly([1, NaN, 2, 5, Infinity, NaN, -Infinity, 1, 0], [3, 3])],
      (x) => t[op](x, 1),
      (x) => reduce(f, x, [1]),
      { special: true },
    ),
    row(
      op,
      'of no row',
      [float([0, 3])],
      (x) => t[op](x, 1),
      (x) => reduce(f, x, [1]),
    ),
  ];
});

const prefix = (v: number[]): number[] => v.map((_, i) => sum(v.slice(0, i + 1)));
const suffix = (v: number[]): number[] => v.map((_, i) => sum(v.slice(i)));
const cumulate = (x: Nd, axis: number, reverse = false): Nd => alongAxis(reverse ? suffix : prefix, x, axis);
const cumulated = (axis: number, reverse = false) => ({
  scale: (x: Nd) => cumulate(zip(Math.abs, x), axis, reverse),
});
const cumsumRows = [
  row(
    'cumsum',
    'along the first axis',
    [float([5, 3])],
    (x) => t.cumsum(x),
    (x) => cumulate(x, 0),
    cumulated(0),
  ),
  row(
    'cumsum',
    'along the last axis',
    [float([3, 5])],
    (x) => t.cumsum(x, -1),
    (x) => cumulate(x, 1),
    cumulated(1),
  ),
  row(
    'cumsum',
    'along the middle axis, from the end',
    [float([2, 4, 3])],
    (x) => t.cumsum(x, 1, { reverse: true }),
    (x) => cumulate(x, 1, true),
    cumulated(1, true),
  ),
  row(
    'cumsum',
    'of 300 elements a row',
    [float([2, 300])],
    (x) => t.cumsum(x, 1),
    (x) => cumulate(x, 1),
    { ...cumulated(1), rough: true },
  ),
  row(
    'cumsum',
    'of whole numbers',
    [int([3, 5], -4, 5)],
    (x) => t.cumsum(x, 1),
    (x) => cumulate(x, 1),
  ),
  row(
    'cumsum',
    'of nothing',
    [float([3, 0])],
    (x) => t.cumsum(x, 1),
    (x) => x,
  ),
];

export const scanCases: readonly Row[] = [...argRows, ...cumsumRows];
