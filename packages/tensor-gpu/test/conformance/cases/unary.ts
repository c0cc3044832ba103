import * as t from '../../../src/index.js';
import type { Tensor } from '../../../src/index.js';
import { distinct, exactly, float, type Input, int, signed } from '../inputs.js';
import { type Nd, zip } from '../reference/nd.js';
import { erf, roundHalfEven } from '../reference/special.js';
import { type Row, row } from '../row.js';

const special = exactly([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 3e38, -3e38, 100, -100, 1e-30]);
/** Sine and cosine promise nothing of angles beyond 2^24 but a value between -1 and 1. */
const angles = exactly([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 100, 1e-30]);

/** Operation, its formula in float64, how inputs are drawn, and the scale of its terms where it is not the result. */
type Unary = readonly [
  op: keyof typeof t,
  f: (x: number) => number,
  draw: (shape: number[]) => Input,
  scale?: (x: number) => number,
];

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
    row(op, 'of NaN, infinities and zeros', [extremes], run, (x) => zip(g, x), {
      ...more,
      special: true,
      rough: true,
    }),
  ];
});

const formRows = [
  row(
    'clip',
    'at two numbers',
    [distinct([9, 11])],
    (x) => t.clip(x, -0.71, 1.003),
    (x) => zip((v) => Math.min(Math.max(v, -0.71), 1.003), x),
  ),
  row(
    'clip',
    'of whole numbers',
    [int([9], -9, 9)],
    (x) => t.clip(x, -3, 4),
    (x) => zip((v) => Math.min(Math.max(v, -3), 4), x),
  ),
  row(
    'gelu',
    'in the tanh form',
    [float([3, 4], -4, 4)],
    (x) => t.gelu(x, { approximate: 'tanh' }),
    (x) => zip((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))), x),
    { scale: (x) => zip(Math.abs, x) },
  ),
  row(
    'leakyRelu',
    'with a slope',
    [signed([3, 4])],
    (x) => t.leakyRelu(x, 0.2),
    (x) => zip((v) => (v > 0 ? v : 0.2 * v), x),
  ),
  row(
    'sin',
    'of angles up to 2^24',
    [exactly([100, -1000, 12345.678, 1e6, -9999999, 16777215])],
    (x) => t.sin(x),
    (x) => zip(Math.sin, x),
    { scale: (x) => zip(one, x), rough: true },
  ),
  row(
    'cos',
    'of angles up to 2^24',
    [exactly([100, -1000, 12345.678, 1e6, -9999999, 16777215])],
    (x) => t.cos(x),
    (x) => zip(Math.cos, x),
    { scale: (x) => zip(one, x), rough: true },
  ),
  row(
    'sin',
    'of huge angles stays within bounds',
    [exactly([3e38, -3e38, 1e12, -1e20])],
    (x) => t.lessEqual(t.abs(t.sin(x)), 1),
    (x) => zip(one, x),
    { wide: true },
  ),
  row(
    'cos',
    'of huge angles stays within bounds',
    [exactly([3e38, -3e38, 1e12, -1e20])],
    (x) => t.lessEqual(t.abs(t.cos(x)), 1),
    (x) => zip(one, x),
    { wide: true },
  ),
  row(
    'expm1',
    'near zero',
    [float([20], -1e-4, 1e-4)],
    (x) => t.expm1(x),
    (x) => zip(Math.expm1, x),
    { rough: true },
  ),
  row(
    'log1p',
    'near zero',
    [float([20], -1e-4, 1e-4)],
    (x) => t.log1p(x),
    (x) => zip(Math.log1p, x),
    { rough: true },
  ),
  row(
    'tanh',
    'near zero',
    [float([20], -1e-4, 1e-4)],
    (x) => t.tanh(x),
    (x) => zip(Math.tanh, x),
    { rough: true },
  ),
  row(
    'exp',
    'from underflow to overflow',
    [float([60], -86, 88)],
    (x) => t.exp(x),
    (x) => zip(Math.exp, x),
    { rough: true },
  ),
  row(
    'round',
    'takes halves to even',
    [exactly([0.5, 1.5, 2.5, -0.5, -1.5, 8388609, 1e20])],
    (x) => t.round(x),
    (x) => zip(roundHalfEven, x),
    { rough: true },
  ),
];

export const unaryCases: readonly Row[] = [...unaryRows, ...formRows];
