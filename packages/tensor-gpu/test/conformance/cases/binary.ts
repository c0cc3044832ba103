import * as t from '../../../src/index.js';
import type { Tensor } from '../../../src/index.js';
import { bool, distinct, exactly, float, type Input, int, signed } from '../inputs.js';
import { type Nd, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

const positive = (shape: number[]): Input => float(shape, 0.1, 5);
type Binary = readonly [
  op: keyof typeof t,
  f: (x: number, y: number) => number,
  left: (shape: number[]) => Input,
  right: (shape: number[]) => Input,
  scale?: (x: number, y: number) => number,
];
const total = (x: number, y: number): number => Math.abs(x) + Math.abs(y);
const halves = (shape: number[]): Input => ({
  ...distinct(shape),
  values: (r, n) =>
    distinct(shape)
      .values(r, n)
      .map((v) => v + 0.03),
});

const binary: readonly Binary[] = [
  ['add', (x, y) => x + y, float, float, total],
  ['sub', (x, y) => x - y, float, float, total],
  ['mul', (x, y) => x * y, float, float],
  ['div', (x, y) => x / y, float, signed],
  // x^y = e^(y ln x): the rounding of the exponent counts as many times as the exponent is large.
  ['pow', (x, y) => x ** y, positive, float, (x, y) => x ** y * (1 + Math.abs(y * Math.log(x)))],
  [
    'mod',
    (x, y) => x - y * Math.floor(x / y),
    (shape) => float(shape, -7, 7),
    signed,
    (x, y) => Math.abs(x) + Math.abs(y * Math.floor(x / y)),
  ],
  ['maximum', Math.max, distinct, halves],
  ['minimum', Math.min, distinct, halves],
];
const shapes: readonly (readonly [string, number[], number[]])[] = [
  ['of equal shapes', [3, 4], [3, 4]],
  ['of a matrix and a row', [3, 4], [4]],
  ['of a column and a row', [5, 1], [1, 3]],
  ['of a scalar and three axes', [], [2, 3, 2]],
  ['of an empty and a scalar', [0, 2], []],
  ['of 99 elements and a row', [9, 11], [11]],
];
const binaryRows = binary.flatMap(([op, f, left, right, scale]): Row[] => {
  const run = t[op] as (x: Tensor, y: Tensor) => Tensor;
  const more = scale ? { scale: (x: Nd, y: Nd) => zip(scale, x, y) } : {};
  return shapes.map(([title, a, b]) =>
    row(op, title, [left(a), right(b)], run, (x, y) => zip(f, x, y), more),
  );
});

const rule = { special: true, rough: true } as const;
const nanPairs = [
  exactly([NaN, 1, NaN, Infinity, -Infinity, 2, 0]),
  exactly([1, NaN, NaN, 1, Infinity, 2, -1]),
];
const specialRows = [
  row(
    'maximum',
    'is NaN where either is',
    nanPairs,
    (a, b) => t.maximum(a, b),
    (a, b) => zip(Math.max, a, b),
    rule,
  ),
  row(
    'minimum',
    'is NaN where either is',
    nanPairs,
    (a, b) => t.minimum(a, b),
    (a, b) => zip(Math.min, a, b),
    rule,
  ),
  row(
    'div',
    'by zero follows IEEE',
    [exactly([1, -1, 0, 1, -1]), exactly([0, 0, 0, -0, Infinity])],
    (a, b) => t.div(a, b),
    (a, b) => zip((x, y) => x / y, a, b),
    rule,
  ),
  row(
    'add',
    'of opposite infinities is NaN',
    nanPairs,
    (a, b) => t.add(a, b),
    (a, b) => zip((x, y) => x + y, a, b),
    rule,
  ),
  row(
    'pow',
    'of negative bases',
    [exactly([-2, -2, -2, -0.5, -3, -1]), exactly([2, 3, 0.5, -3, -1, 100])],
    (a, b) => t.pow(a, b),
    (a, b) => zip((x, y) => x ** y, a, b),
    rule,
  ),
  row(
    'pow',
    'of zeros, infinities and NaN',
    [
      exactly([0, 0, 0, Infinity, Infinity, NaN, NaN, 2, 0.5]),
      exactly([2, 0, -1, 2, -1, 0, 1, Infinity, Infinity]),
    ],
    (a, b) => t.pow(a, b),
    (a, b) => zip((x, y) => x ** y, a, b),
    rule,
  ),
  row(
    'where',
    'lets no NaN of the side not taken through',
    [exactly([1, 0, 1], [3], 'bool'), exactly([1, NaN, 3]), exactly([NaN, 2, Infinity])],
    (c, a, b) => t.where(c, a, b),
    (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b),
    rule,
  ),
];

const whole = { rough: true } as const;
const intRows = [
  row(
    'add',
    'of whole numbers wraps at 32 bits',
    [exactly([2 ** 31 - 1, -(2 ** 31), 7, 16777217], [4], 'int32'), exactly([1, -1, 5, 2], [4], 'int32')],
    (a, b) => t.add(a, b),
    (a, b) => zip((x, y) => (x + y) | 0, a, b),
  ),
  row(
    'sub',
    'of whole numbers',
    [int([3, 4], -50, 50), int([4], -50, 50)],
    (a, b) => t.sub(a, b),
    (a, b) => zip((x, y) => x - y, a, b),
  ),
  row(
    'mul',
    'of whole numbers wraps at 32 bits',
    [exactly([65536, 123456, -7, 4097], [4], 'int32'), exactly([65536, 654321, 9, 4099], [4], 'int32')],
    (a, b) => t.mul(a, b),
    (a, b) => zip(Math.imul, a, b),
  ),
  row(
    'mul',
    'of a whole number and a float',
    [int([3], -5, 5), float([3])],
    (a, b) => t.mul(a, b),
    (a, b) => zip((x, y) => x * y, a, b),
    whole,
  ),
  row(
    'add',
    'of booleans counts',
    [bool([6]), bool([6])],
    (a, b) => t.add(a, b),
    (a, b) => zip((x, y) => x + y, a, b),
  ),
  row(
    'div',
    'of whole numbers gives a float',
    [int([6], -9, 9), int([6], 1, 9)],
    (a, b) => t.div(a, b),
    (a, b) => zip((x, y) => x / y, a, b),
    whole,
  ),
  row(
    'maximum',
    'of whole numbers',
    [int([9], -9, 9), int([9], -9, 9)],
    (a, b) => t.maximum(a, b),
    (a, b) => zip(Math.max, a, b),
  ),
  row(
    'minimum',
    'of whole numbers',
    [int([9], -9, 9), int([9], -9, 9)],
    (a, b) => t.minimum(a, b),
    (a, b) => zip(Math.min, a, b),
  ),
  row(
    'neg',
    'of whole numbers',
    [int([9], -9, 9)],
    (a) => t.neg(a),
    (a) => zip((x) => 0 - x, a),
  ),
  row(
    'abs',
    'of whole numbers',
    [int([9], -9, 9)],
    (a) => t.abs(a),
    (a) => zip(Math.abs, a),
  ),
  row(
    'sign',
    'of whole numbers',
    [int([9], -9, 9)],
    (a) => t.sign(a),
    (a) => zip(Math.sign, a),
  ),
  row(
    'add',
    'of a number',
    [float([3])],
    (a) => t.add(a, 2.5),
    (a) => zip((x) => x + 2.5, a),
    { scale: (a) => zip((x) => Math.abs(x) + 2.5, a) },
  ),
  row(
    'sub',
    'of a tensor from a number',
    [int([3], 0, 9)],
    (a) => t.sub(7, a),
    (a) => zip((x) => 7 - x, a),
  ),
];

const powers = [0, 1, 2, 3, 0.5, -1, 2.5].map((p) =>
  row(
    'pow',
    `to the number ${p}`,
    [float([5], 0.3, 2)],
    (x) => t.pow(x, p),
    (x) => zip((v) => v ** p, x),
    { scale: (x) => zip((v) => v ** p + 1, x) },
  ),
);

const whereRows = [
  row(
    'where',
    'broadcasts all three',
    [bool([3, 1]), float([4]), float([1, 4])],
    (c, a, b) => t.where(c, a, b),
    (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b),
  ),
  row(
    'where',
    'of numbers',
    [bool([6])],
    (c) => t.where(c, 1, -2),
    (c) => zip((m) => (m ? 1 : -2), c),
  ),
  row(
    'where',
    'of whole numbers',
    [bool([2, 3]), int([2, 3], -9, 9), int([3], -9, 9)],
    (c, a, b) => t.where(c, a, b),
    (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b),
  ),
];

export const binaryCases: readonly Row[] = [
  ...binaryRows,
  ...specialRows,
  ...intRows,
  ...powers,
  ...whereRows,
];
