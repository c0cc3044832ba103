import * as t from '../../../src/index.js';
import type { Tensor } from '../../../src/index.js';
import { bool, distinct, exactly, float, type Input, int } from '../inputs.js';
import { alongAxis, type Nd, reduce, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

type Reduce = (values: number[]) => number;
type Options = { axis?: number | number[]; keepDims?: boolean };

const sum: Reduce = (v) => v.reduce((a, b) => a + b, 0);
const mean: Reduce = (v) => sum(v) / v.length;
const magnitudes: Reduce = (v) => sum(v.map(Math.abs));
const variance: Reduce = (v) => mean(v.map((x) => (x - mean(v)) ** 2));
const logSumExp: Reduce = (v) => {
  const top = Math.max(...v);
  return Number.isFinite(top) ? top + Math.log(sum(v.map((x) => Math.exp(x - top)))) : top;
};
const product: Reduce = (v) => v.reduce((a, b) => a * b, 1);

/** Operation, formula, how inputs are drawn, scale of the terms, whether nothing may be reduced. */
type Reduction = readonly [
  op: keyof typeof t,
  f: Reduce,
  draw: (shape: number[]) => Input,
  scale?: Reduce,
  mayBeEmpty?: boolean,
];
const reductions: readonly Reduction[] = [
  ['sum', sum, float, magnitudes, true],
  ['prod', product, (shape) => float(shape, 0.5, 1.6), undefined, true],
  ['max', (v) => Math.max(...v), distinct],
  ['min', (v) => Math.min(...v), distinct],
  ['mean', mean, float, (v) => magnitudes(v) / v.length],
  ['variance', variance, float, (v) => mean(v.map((x) => x * x))],
  ['logSumExp', logSumExp, float, (v) => Math.abs(logSumExp(v)) + Math.max(...v.map(Math.abs))],
  ['norm', (v) => Math.sqrt(sum(v.map((x) => x * x))), float],
];
const places: readonly (readonly [string, number[], Options])[] = [
  ['over all axes', [3, 5], {}],
  ['over the first axis', [3, 5], { axis: 0 }],
  ['over the last axis, kept', [3, 5], { axis: -1, keepDims: true }],
  ['over the middle axis', [2, 3, 4], { axis: 1 }],
  ['over the outer axes', [2, 3, 4], { axis: [0, 2] }],
  ['over the inner axes', [2, 3, 4], { axis: [2, 1], keepDims: true }],
  ['of a scalar', [], {}],
  ['over no axis', [2, 3], { axis: [] }],
  ['over one element', [4, 1], { axis: 1 }],
  ['of no row', [0, 3], { axis: 1 }],
  ['over the first axis of 21 columns', [7, 21], { axis: 0 }],
  ['over 37 elements a row', [5, 37], { axis: 1 }],
];
const list = ({ axis }: Options): number[] | undefined => (typeof axis === 'number' ? [axis] : axis);

const reductionRows = reductions.flatMap(([op, f, draw, scale, mayBeEmpty]): Row[] => {
  const call = t[op] as (x: Tensor, options: Options) => Tensor;
  const rows = places.map(([title, shape, options]) =>
    row(
      op,
      title,
      [draw(shape)],
      (x) => call(x, options),
      (x) => reduce(f, x, list(options), options.keepDims),
      scale ? { scale: (x) => reduce(scale, x, list(options), options.keepDims) } : {},
    ),
  );
  if (mayBeEmpty) {
    rows.push(
      row(
        op,
        'over nothing',
        [draw([3, 0])],
        (x) => call(x, { axis: 1 }),
        (x) => reduce(f, x, [1]),
      ),
    );
    rows.push(
      row(
        op,
        'over all of nothing',
        [draw([0])],
        (x) => call(x, {}),
        (x) => reduce(f, x),
      ),
    );
  }
  return rows;
});

const wholes = (['sum', 'prod', 'max', 'min'] as const).flatMap((op) => {
  const f = {
    sum,
    prod: product,
    max: (v: number[]) => Math.max(...v),
    min: (v: number[]) => Math.min(...v),
  }[op];
  return [
    row(
      op,
      'of whole numbers',
      [int([3, 5], -4, 5)],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'of whole numbers over the first axis',
      [int([5, 9], -4, 5)],
      (x) => t[op](x, { axis: 0 }),
      (x) => reduce(f, x, [0]),
    ),
    row(
      op,
      'of booleans counts them as 0 and 1',
      [bool([3, 5])],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
    ),
  ];
});

const nan = exactly([1, NaN, 2, 5, Infinity, 1, -Infinity, Infinity, 0, 3, 2, 1], [4, 3]);
const rule = { special: true, rough: true } as const;
const specialRows = [
  ...(['sum', 'prod', 'max', 'min', 'mean'] as const).map((op) => {
    const f = {
      sum,
      prod: product,
      max: (v: number[]) => Math.max(...v),
      min: (v: number[]) => Math.min(...v),
      mean,
    }[op];
    return row(
      op,
      'with NaN and infinities in a row',
      [nan],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
      rule,
    );
  }),
  row(
    'max',
    'with NaN over the first axis',
    [nan],
    (x) => t.max(x, { axis: 0 }),
    (x) => reduce((v) => Math.max(...v), x, [0]),
    rule,
  ),
  row(
    'min',
    'with NaN over the first axis',
    [nan],
    (x) => t.min(x, { axis: 0 }),
    (x) => reduce((v) => Math.min(...v), x, [0]),
    rule,
  ),
  row(
    'logSumExp',
    'of infinities',
    [exactly([-Infinity, -Infinity, Infinity, 1, -Infinity, 2], [3, 2])],
    (x) => t.logSumExp(x, { axis: 1 }),
    (x) => reduce(logSumExp, x, [1]),
    rule,
  ),
  row(
    'sum',
    'of 3000 tenths keeps its digits',
    [exactly(new Array<number>(3000).fill(0.1))],
    (x) => t.sum(x),
    (x) => reduce(sum, x),
    { rough: true, unbatched: true },
  ),
  row(
    'sum',
    'of 40 columns of 300 keeps its digits',
    [exactly(new Array<number>(12000).fill(0.1), [300, 40])],
    (x) => t.sum(x, { axis: 0 }),
    (x) => reduce(sum, x, [0]),
    // Equal terms round the same way: a block of 256 of them loses 2e-6.
    { rough: true, unbatched: true, tolerance: 1e-5 },
  ),
];

const someRows = (['any', 'all'] as const).flatMap((op) => {
  const f: Reduce =
    op === 'any' ? (v) => Number(v.some((x) => x !== 0)) : (v) => Number(v.every((x) => x !== 0));
  return [
    row(
      op,
      'over an axis',
      [bool([6, 2])],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'of everything, kept',
      [bool([2, 3])],
      (x) => t[op](x, { keepDims: true }),
      (x) => reduce(f, x, undefined, true),
    ),
    row(
      op,
      'of numbers',
      [exactly([0, 0, 0, 0.5, 0, -2], [3, 2])],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
    ),
    row(
      op,
      'over nothing',
      [bool([2, 0])],
      (x) => t[op](x, { axis: 1 }),
      (x) => reduce(f, x, [1]),
    ),
  ];
});

const optionRows = [
  row(
    'variance',
    'of a sample',
    [float([3, 5])],
    (x) => t.variance(x, { axis: 1, ddof: 1 }),
    (x) => reduce((v) => (variance(v) * v.length) / (v.length - 1), x, [1]),
    { scale: (x) => reduce((v) => sum(v.map((y) => y * y)), x, [1]) },
  ),
  row(
    'norm',
    'of order 1',
    [float([3, 5])],
    (x) => t.norm(x, { ord: 1, axis: 1 }),
    (x) => reduce(magnitudes, x, [1]),
  ),
  row(
    'norm',
    'of order infinity',
    [distinct([3, 5])],
    (x) => t.norm(x, { ord: Infinity, axis: 1 }),
    (x) => reduce((v) => Math.max(...v.map(Math.abs)), x, [1]),
  ),
  row(
    'softmax',
    'of rows',
    [float([3, 5], -4, 4)],
    (x) => t.softmax(x),
    (x) => softmax(x, 1),
  ),
  row(
    'softmax',
    'along the first axis',
    [float([5, 3], -4, 4)],
    (x) => t.softmax(x, 0),
    (x) => softmax(x, 0),
  ),
  row(
    'softmax',
    'of large values',
    [exactly([1000, 1001, 999, -1000, -999, -1001], [2, 3])],
    (x) => t.softmax(x),
    (x) => softmax(x, 1),
    { rough: true },
  ),
  row(
    'logSoftmax',
    'of rows',
    [float([3, 5], -4, 4)],
    (x) => t.logSoftmax(x),
    (x) => logSoftmax(x, 1),
    { scale: (x) => zip((v) => Math.abs(v) + 6, x) },
  ),
  row(
    'logSoftmax',
    'along the middle axis',
    [float([2, 3, 4], -4, 4)],
    (x) => t.logSoftmax(x, 1),
    (x) => logSoftmax(x, 1),
    { scale: (x) => zip((v) => Math.abs(v) + 6, x) },
  ),
  row(
    'logSumExp',
    'of large values',
    [exactly([1000, 1001, -1000, -1001], [2, 2])],
    (x) => t.logSumExp(x, { axis: 1 }),
    (x) => reduce(logSumExp, x, [1]),
    { rough: true },
  ),
  row(
    'stopGradient',
    'changes no value',
    [float([3])],
    (x) => t.stopGradient(x),
    (x) => x,
    { rough: true },
  ),
];

const logSoftmax = (x: Nd, axis: number): Nd => alongAxis((v) => v.map((y) => y - logSumExp(v)), x, axis);
const softmax = (x: Nd, axis: number): Nd => zip(Math.exp, logSoftmax(x, axis));

export const reductionCases: readonly Row[] = [
  ...reductionRows,
  ...wholes,
  ...specialRows,
  ...someRows,
  ...optionRows,
];
