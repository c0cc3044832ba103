import * as t from '../../../src/index.js';
import type { Tensor } from '../../../src/index.js';
import { bool, distinct, exactly, float, type Input, int, signed } from '../inputs.js';
import { type Nd, zip } from '../reference/nd.js';
import { erf, roundHalfEven, roundTo } from '../reference/special.js';
import { type Row, row } from '../row.js';

const special = exactly([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 3e38, -3e38, 100, -100, 1e-30]);
/** Sine and cosine promise nothing of angles beyond 2^24 but a value between -1 and 1. */
const angles = exactly([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 100, 1e-30]);

/** Operation, its formula in float64, how inputs are drawn, and the scale of its terms where it is not the result. */
type Unary = readonly [op: keyof typeof t, f: (x: number) => number, draw: (shape: number[]) => Input, scale?: (x: number) => number];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const positive = (shape: number[]): Input => float(shape, 0.1, 5);
const wide = (shape: number[]): Input => float(shape, -6, 6);
const one = (): number => 1;

const unary: readonly Unary[] = [
  ['neg', (x) => -x, float],
  ['abs', Math.abs, signed],
  ['sign', (x) => (x > 0 ? 1 : x < 0 ? -1 : x), signed],
  ['floor', Math.floor, wide],
  ['ceil', Math.ceil, wide],
  ['round', roundHalfEven, wide],
  ['exp', Math.exp, wide],
  ['expm1', Math.expm1, float],
  ['log', Math.log, positive],
  ['log1p', Math.log1p, (shape) => float(shape, -0.8, 4)],
  ['sqrt', Math.sqrt, positive],
  ['rsqrt', (x) => 1 / Math.sqrt(x), positive],
  ['reciprocal', (x) => 1 / x, signed],
  // Near their zeros sine and cosine owe their digits to the reduction of the angle, whose terms are of order 1.
  ['sin', Math.sin, wide, one],
  ['cos', Math.cos, wide, one],
  ['tanh', Math.tanh, wide],
  ['sigmoid', sigmoid, wide],
  ['erf', erf, (shape) => float(shape, -3, 3)],
  ['square', (x) => x * x, signed],
  ['relu', (x) => (x > 0 || Number.isNaN(x) ? x : 0), signed],
  ['leakyRelu', (x) => (x > 0 ? x : 0.01 * x), signed],
  ['softplus', (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0), wide],
  ['silu', (x) => x * sigmoid(x), wide],
  ['gelu', (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)), wide, (x) => Math.abs(x)],
];

/** Special values where a formula in float64 is not IEEE's or NumPy's answer. */
const unlike: Partial<Record<keyof typeof t, (x: number) => number>> = {
  silu: (x) => (x === -Infinity ? NaN : x * sigmoid(x)),
  gelu: (x) => (x === -Infinity ? NaN : 0.5 * x * (1 + erf(x / Math.SQRT2))),
};

const unaryRows = unary.flatMap(([op, f, draw, scale]): Row[] => {
  const run = t[op] as (x: Tensor) => Tensor;
  const reference = (x: Nd): Nd => zip(f, x);
  const more = scale ? { scale: (x: Nd) => zip(scale, x) } : {};
  const g = unlike[op] ?? f;
  const extremes = op === 'sin' || op === 'cos' ? angles : special;
  return [
    row(op, 'of a scalar', [draw([])], run, reference, more),
    row(op, 'of nothing', [draw([0, 3])], run, reference, more),
    row(op, 'of three axes', [draw([2, 3, 2])], run, reference, more),
    row(op, 'of more elements than one vector loop takes', [draw([9, 11])], run, reference, more),
    row(op, 'of NaN, infinities and zeros', [extremes], run, (x) => zip(g, x), { ...more, special: true, rough: true }),
  ];
});

type Binary = readonly [
  op: keyof typeof t,
  f: (x: number, y: number) => number,
  left: (shape: number[]) => Input,
  right: (shape: number[]) => Input,
  scale?: (x: number, y: number) => number,
];
const total = (x: number, y: number): number => Math.abs(x) + Math.abs(y);
const halves = (shape: number[]): Input => ({ ...distinct(shape), values: (r, n) => distinct(shape).values(r, n).map((v) => v + 0.03) });

const binary: readonly Binary[] = [
  ['add', (x, y) => x + y, float, float, total],
  ['sub', (x, y) => x - y, float, float, total],
  ['mul', (x, y) => x * y, float, float],
  ['div', (x, y) => x / y, float, signed],
  // x^y = e^(y ln x): the rounding of the exponent counts as many times as the exponent is large.
  ['pow', (x, y) => x ** y, positive, float, (x, y) => x ** y * (1 + Math.abs(y * Math.log(x)))],
  ['mod', (x, y) => x - y * Math.floor(x / y), (shape) => float(shape, -7, 7), signed, (x, y) => Math.abs(x) + Math.abs(y * Math.floor(x / y))],
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
  return shapes.map(([title, a, b]) => row(op, title, [left(a), right(b)], run, (x, y) => zip(f, x, y), more));
});

const truth = (f: (x: number, y: number) => boolean) => (x: number, y: number): number => Number(f(x, y));
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
    row(op, 'of large whole numbers that float32 cannot tell apart', [exactly([16777217, 2 ** 31 - 1, -(2 ** 31)], [3], 'int32'), exactly([16777216, 2 ** 31 - 2, 2 ** 31 - 1], [3], 'int32')], run, reference),
    row(op, 'of NaN and infinities', [exactly(pairs), exactly([NaN, NaN, 1, 1, -0, 0, Infinity, Infinity])], run, reference, { special: true }),
  ];
});

const mask = (x: number): number => Number(x !== 0);
const logicalRows = [
  row('logicalAnd', 'of booleans', [bool([3, 4]), bool([4])], (a, b) => t.logicalAnd(a, b), (a, b) => zip(truth((x, y) => x !== 0 && y !== 0), a, b)),
  row('logicalAnd', 'of numbers counts non-zero as true', [exactly([0, 2, -1]), int([3], 0, 2)], (a, b) => t.logicalAnd(a, b), (a, b) => zip(truth((x, y) => x !== 0 && y !== 0), a, b)),
  row('logicalOr', 'of booleans', [bool([3, 4]), bool([3, 1])], (a, b) => t.logicalOr(a, b), (a, b) => zip(truth((x, y) => x !== 0 || y !== 0), a, b)),
  row('logicalNot', 'of booleans', [bool([9, 11])], (a) => t.logicalNot(a), (a) => zip((x) => 1 - x, a)),
  row('logicalNot', 'of floats', [exactly([0, -0, 3, -0.5])], (a) => t.logicalNot(a), (a) => zip((x) => 1 - mask(x), a)),
  row('isNaN', 'of special values', [special], (x) => t.isNaN(x), (x) => zip((v) => Number(Number.isNaN(v)), x), { special: true }),
  row('isNaN', 'of ordinary values', [float([3, 4])], (x) => t.isNaN(x), (x) => zip(() => 0, x)),
  row('isFinite', 'of special values', [special], (x) => t.isFinite(x), (x) => zip((v) => Number(Number.isFinite(v)), x), { special: true }),
  row('isFinite', 'of ordinary values', [float([3, 4])], (x) => t.isFinite(x), (x) => zip(() => 1, x)),
];

const rule = { special: true, rough: true } as const;
const nanPairs = [exactly([NaN, 1, NaN, Infinity, -Infinity, 2, 0]), exactly([1, NaN, NaN, 1, Infinity, 2, -1])];
const specialRows = [
  row('maximum', 'is NaN where either is', nanPairs, (a, b) => t.maximum(a, b), (a, b) => zip(Math.max, a, b), rule),
  row('minimum', 'is NaN where either is', nanPairs, (a, b) => t.minimum(a, b), (a, b) => zip(Math.min, a, b), rule),
  row('div', 'by zero follows IEEE', [exactly([1, -1, 0, 1, -1]), exactly([0, 0, 0, -0, Infinity])], (a, b) => t.div(a, b), (a, b) => zip((x, y) => x / y, a, b), rule),
  row('add', 'of opposite infinities is NaN', nanPairs, (a, b) => t.add(a, b), (a, b) => zip((x, y) => x + y, a, b), rule),
  row('pow', 'of negative bases', [exactly([-2, -2, -2, -0.5, -3, -1]), exactly([2, 3, 0.5, -3, -1, 100])], (a, b) => t.pow(a, b), (a, b) => zip((x, y) => x ** y, a, b), rule),
  row('pow', 'of zeros, infinities and NaN', [exactly([0, 0, 0, Infinity, Infinity, NaN, NaN, 2, 0.5]), exactly([2, 0, -1, 2, -1, 0, 1, Infinity, Infinity])], (a, b) => t.pow(a, b), (a, b) => zip((x, y) => x ** y, a, b), rule),
  row('where', 'lets no NaN of the side not taken through', [exactly([1, 0, 1], [3], 'bool'), exactly([1, NaN, 3]), exactly([NaN, 2, Infinity])], (c, a, b) => t.where(c, a, b), (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b), rule),
];

const whole = { rough: true } as const;
const intRows = [
  row('add', 'of whole numbers wraps at 32 bits', [exactly([2 ** 31 - 1, -(2 ** 31), 7, 16777217], [4], 'int32'), exactly([1, -1, 5, 2], [4], 'int32')], (a, b) => t.add(a, b), (a, b) => zip((x, y) => (x + y) | 0, a, b)),
  row('sub', 'of whole numbers', [int([3, 4], -50, 50), int([4], -50, 50)], (a, b) => t.sub(a, b), (a, b) => zip((x, y) => x - y, a, b)),
  row('mul', 'of whole numbers wraps at 32 bits', [exactly([65536, 123456, -7, 4097], [4], 'int32'), exactly([65536, 654321, 9, 4099], [4], 'int32')], (a, b) => t.mul(a, b), (a, b) => zip(Math.imul, a, b)),
  row('mul', 'of a whole number and a float', [int([3], -5, 5), float([3])], (a, b) => t.mul(a, b), (a, b) => zip((x, y) => x * y, a, b), whole),
  row('add', 'of booleans counts', [bool([6]), bool([6])], (a, b) => t.add(a, b), (a, b) => zip((x, y) => x + y, a, b)),
  row('div', 'of whole numbers gives a float', [int([6], -9, 9), int([6], 1, 9)], (a, b) => t.div(a, b), (a, b) => zip((x, y) => x / y, a, b), whole),
  row('maximum', 'of whole numbers', [int([9], -9, 9), int([9], -9, 9)], (a, b) => t.maximum(a, b), (a, b) => zip(Math.max, a, b)),
  row('minimum', 'of whole numbers', [int([9], -9, 9), int([9], -9, 9)], (a, b) => t.minimum(a, b), (a, b) => zip(Math.min, a, b)),
  row('neg', 'of whole numbers', [int([9], -9, 9)], (a) => t.neg(a), (a) => zip((x) => 0 - x, a)),
  row('abs', 'of whole numbers', [int([9], -9, 9)], (a) => t.abs(a), (a) => zip(Math.abs, a)),
  row('sign', 'of whole numbers', [int([9], -9, 9)], (a) => t.sign(a), (a) => zip(Math.sign, a)),
  row('add', 'of a number', [float([3])], (a) => t.add(a, 2.5), (a) => zip((x) => x + 2.5, a), { scale: (a) => zip((x) => Math.abs(x) + 2.5, a) }),
  row('sub', 'of a tensor from a number', [int([3], 0, 9)], (a) => t.sub(7, a), (a) => zip((x) => 7 - x, a)),
];

const powers = [0, 1, 2, 3, 0.5, -1, 2.5].map((p) =>
  row('pow', `to the number ${p}`, [float([5], 0.3, 2)], (x) => t.pow(x, p), (x) => zip((v) => v ** p, x), { scale: (x) => zip((v) => v ** p + 1, x) }),
);
const otherRows = [
  row('clip', 'at two numbers', [distinct([9, 11])], (x) => t.clip(x, -0.71, 1.003), (x) => zip((v) => Math.min(Math.max(v, -0.71), 1.003), x)),
  row('clip', 'of whole numbers', [int([9], -9, 9)], (x) => t.clip(x, -3, 4), (x) => zip((v) => Math.min(Math.max(v, -3), 4), x)),
  row('where', 'broadcasts all three', [bool([3, 1]), float([4]), float([1, 4])], (c, a, b) => t.where(c, a, b), (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b)),
  row('where', 'of numbers', [bool([6])], (c) => t.where(c, 1, -2), (c) => zip((m) => (m ? 1 : -2), c)),
  row('where', 'of whole numbers', [bool([2, 3]), int([2, 3], -9, 9), int([3], -9, 9)], (c, a, b) => t.where(c, a, b), (c, a, b) => zip((m, x, y) => (m ? x : y), c, a, b)),
  row('gelu', "in the tanh form", [float([3, 4], -4, 4)], (x) => t.gelu(x, { approximate: 'tanh' }), (x) => zip((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))), x), { scale: (x) => zip(Math.abs, x) }),
  row('leakyRelu', 'with a slope', [signed([3, 4])], (x) => t.leakyRelu(x, 0.2), (x) => zip((v) => (v > 0 ? v : 0.2 * v), x)),
  row('sin', 'of angles up to 2^24', [exactly([100, -1000, 12345.678, 1e6, -9999999, 16777215])], (x) => t.sin(x), (x) => zip(Math.sin, x), { scale: (x) => zip(one, x), rough: true }),
  row('cos', 'of angles up to 2^24', [exactly([100, -1000, 12345.678, 1e6, -9999999, 16777215])], (x) => t.cos(x), (x) => zip(Math.cos, x), { scale: (x) => zip(one, x), rough: true }),
  row('sin', 'of huge angles stays within bounds', [exactly([3e38, -3e38, 1e12, -1e20])], (x) => t.lessEqual(t.abs(t.sin(x)), 1), (x) => zip(one, x), { wide: true }),
  row('cos', 'of huge angles stays within bounds', [exactly([3e38, -3e38, 1e12, -1e20])], (x) => t.lessEqual(t.abs(t.cos(x)), 1), (x) => zip(one, x), { wide: true }),
  row('expm1', 'near zero', [float([20], -1e-4, 1e-4)], (x) => t.expm1(x), (x) => zip(Math.expm1, x), { rough: true }),
  row('log1p', 'near zero', [float([20], -1e-4, 1e-4)], (x) => t.log1p(x), (x) => zip(Math.log1p, x), { rough: true }),
  row('tanh', 'near zero', [float([20], -1e-4, 1e-4)], (x) => t.tanh(x), (x) => zip(Math.tanh, x), { rough: true }),
  row('exp', 'from underflow to overflow', [float([60], -86, 88)], (x) => t.exp(x), (x) => zip(Math.exp, x), { rough: true }),
  row('round', 'takes halves to even', [exactly([0.5, 1.5, 2.5, -0.5, -1.5, 8388609, 1e20])], (x) => t.round(x), (x) => zip(roundHalfEven, x), { rough: true }),
];

const saturate = (low: number, high: number) => (x: number): number => (Number.isNaN(x) ? 0 : Math.min(Math.max(x, low), high));
const toInt = (x: number): number => saturate(-(2 ** 31), 2 ** 31 - 1)(Math.trunc(x));
const odd = exactly([1.7, -1.7, 0, 2.5, -2.5, 3e9, -3e9, 16777216, 0.1]);
const castRows = [
  row('cast', 'float32 to int32 cuts and saturates', [odd], (x) => t.cast(x, 'int32'), (x) => zip(toInt, x)),
  row('cast', 'NaN and infinities to int32', [exactly([NaN, Infinity, -Infinity])], (x) => t.cast(x, 'int32'), (x) => zip(toInt, x), { special: true }),
  row('cast', 'float32 to bool', [exactly([0, -0, 2, -0.25])], (x) => t.cast(x, 'bool'), (x) => zip(mask, x)),
  row('cast', 'float32 to int8', [exactly([0.5, 1.5, 2.5, -2.5, 300, -300, 127.4])], (x) => t.cast(x, 'int8'), (x) => zip((v) => saturate(-128, 127)(roundHalfEven(v)), x)),
  row('cast', 'int32 to float32', [exactly([1, -1, 16777217, 2147483647], [4], 'int32')], (x) => t.cast(x, 'float32'), (x) => zip(Math.fround, x)),
  row('cast', 'int32 to bool', [int([9], -1, 2)], (x) => t.cast(x, 'bool'), (x) => zip(mask, x)),
  row('cast', 'bool to float32', [bool([9])], (x) => t.cast(x, 'float32'), (x) => x),
  row('cast', 'bool to int32', [bool([9])], (x) => t.cast(x, 'int32'), (x) => x),
  ...(['bfloat16', 'float16'] as const).flatMap((dtype) => [
    row('cast', `float32 to ${dtype} rounds half to even`, [exactly([1, 1.00390625, 1.01171875, 1.00048828125, 1.00146484375, -3.14159, 65519, 65520, 1e-7, 6e-8, 3e-8, 1e-40, 3.4e38])], (x) => t.cast(x, dtype), (x) => zip((v) => roundTo(dtype, v), x), { rough: true }),
    row('cast', `NaN and infinities to ${dtype} and back`, [exactly([NaN, Infinity, -Infinity])], (x) => t.cast(t.cast(x, dtype), 'float32'), (x) => x, { special: true, rough: true }),
    row('cast', `to ${dtype} and back in a chain of arithmetic`, [float([3, 4])], (x) => t.mul(t.cast(t.cast(t.mul(x, 1.5), dtype), 'float32'), 2), (x) => zip((v) => 2 * roundTo(dtype, Math.fround(v * 1.5)), x), { rough: true }),
  ]),
];

export const elementwiseRows: readonly Row[] = [
  ...unaryRows,
  ...binaryRows,
  ...comparisonRows,
  ...logicalRows,
  ...specialRows,
  ...intRows,
  ...powers,
  ...otherRows,
  ...castRows,
];
