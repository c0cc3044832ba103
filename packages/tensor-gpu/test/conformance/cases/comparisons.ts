import * as t from '../../../src/index.js';
import type { Tensor } from '../../../src/index.js';
import { bool, exactly, float, int } from '../inputs.js';
import { type Nd, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

const special = exactly([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 3e38, -3e38]);
const truth =
  (f: (x: number, y: number) => boolean) =>
  (x: number, y: number): number =>
    Number(f(x, y));
const comparisons: readonly (readonly [keyof typeof t, (x: number, y: number) => boolean])[] = [
  ['equal', (x, y) => x === y],
  ['notEqual', (x, y) => x !== y],
  ['less', (x, y) => x < y],
  ['lessEqual', (x, y) => x <= y],
  ['greater', (x, y) => x > y],
  ['greaterEqual', (x, y) => x >= y],
];
const comparisonRows = comparisons.flatMap(([op, f]): Row[] => {
  const run = t[op] as (x: Tensor, y: Tensor) => Tensor;
  const reference = (x: Nd, y: Nd): Nd => zip(truth(f), x, y);
  const pairs = [NaN, 1, 1, 2, 0, -0, Infinity, -Infinity];
  return [
    row(op, 'of whole numbers with ties', [int([4, 5], 0, 3), int([5], 0, 3)], run, reference),
    row(op, 'of floats', [float([3, 4]), float([4])], run, reference),
    row(op, 'of a float and a whole number', [exactly([1, 2, 2.5]), int([3], 1, 3)], run, reference),
    row(
      op,
      'of large whole numbers that float32 cannot tell apart',
      [
        exactly([16777217, 2 ** 31 - 1, -(2 ** 31)], [3], 'int32'),
        exactly([16777216, 2 ** 31 - 2, 2 ** 31 - 1], [3], 'int32'),
      ],
      run,
      reference,
    ),
    row(
      op,
      'of NaN and infinities',
      [exactly(pairs), exactly([NaN, NaN, 1, 1, -0, 0, Infinity, Infinity])],
      run,
      reference,
      { special: true },
    ),
  ];
});

const mask = (x: number): number => Number(x !== 0);
const logicalRows = [
  row(
    'logicalAnd',
    'of booleans',
    [bool([3, 4]), bool([4])],
    (a, b) => t.logicalAnd(a, b),
    (a, b) =>
      zip(
        truth((x, y) => x !== 0 && y !== 0),
        a,
        b,
      ),
  ),
  row(
    'logicalAnd',
    'of numbers counts non-zero as true',
    [exactly([0, 2, -1]), int([3], 0, 2)],
    (a, b) => t.logicalAnd(a, b),
    (a, b) =>
      zip(
        truth((x, y) => x !== 0 && y !== 0),
        a,
        b,
      ),
  ),
  row(
    'logicalOr',
    'of booleans',
    [bool([3, 4]), bool([3, 1])],
    (a, b) => t.logicalOr(a, b),
    (a, b) =>
      zip(
        truth((x, y) => x !== 0 || y !== 0),
        a,
        b,
      ),
  ),
  row(
    'logicalNot',
    'of booleans',
    [bool([9, 11])],
    (a) => t.logicalNot(a),
    (a) => zip((x) => 1 - x, a),
  ),
  row(
    'logicalNot',
    'of floats',
    [exactly([0, -0, 3, -0.5])],
    (a) => t.logicalNot(a),
    (a) => zip((x) => 1 - mask(x), a),
  ),
  row(
    'isNaN',
    'of special values',
    [special],
    (x) => t.isNaN(x),
    (x) => zip((v) => Number(Number.isNaN(v)), x),
    { special: true },
  ),
  row(
    'isNaN',
    'of ordinary values',
    [float([3, 4])],
    (x) => t.isNaN(x),
    (x) => zip(() => 0, x),
  ),
  row(
    'isFinite',
    'of special values',
    [special],
    (x) => t.isFinite(x),
    (x) => zip((v) => Number(Number.isFinite(v)), x),
    { special: true },
  ),
  row(
    'isFinite',
    'of ordinary values',
    [float([3, 4])],
    (x) => t.isFinite(x),
    (x) => zip(() => 1, x),
  ),
];

export const comparisonCases: readonly Row[] = [...comparisonRows, ...logicalRows];
