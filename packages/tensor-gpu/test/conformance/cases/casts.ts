import * as t from '../../../src/index.js';
import { bool, exactly, float, int } from '../inputs.js';
import { zip } from '../reference/nd.js';
import { roundHalfEven, roundTo } from '../reference/special.js';
import { type Row, row } from '../row.js';

const mask = (x: number): number => Number(x !== 0);
const saturate =
  (low: number, high: number) =>
  (x: number): number =>
    Number.isNaN(x) ? 0 : Math.min(Math.max(x, low), high);
const toInt = (x: number): number => saturate(-(2 ** 31), 2 ** 31 - 1)(Math.trunc(x));
const odd = exactly([1.7, -1.7, 0, 2.5, -2.5, 3e9, -3e9, 16777216, 0.1]);
export const castCases: readonly Row[] = [
  row(
    'cast',
    'float32 to int32 cuts and saturates',
    [odd],
    (x) => t.cast(x, 'int32'),
    (x) => zip(toInt, x),
  ),
  row(
    'cast',
    'NaN and infinities to int32',
    [exactly([NaN, Infinity, -Infinity])],
    (x) => t.cast(x, 'int32'),
    (x) => zip(toInt, x),
    { special: true },
  ),
  row(
    'cast',
    'float32 to bool',
    [exactly([0, -0, 2, -0.25])],
    (x) => t.cast(x, 'bool'),
    (x) => zip(mask, x),
  ),
  row(
    'cast',
    'float32 to int8',
    [exactly([0.5, 1.5, 2.5, -2.5, 300, -300, 127.4])],
    (x) => t.cast(x, 'int8'),
    (x) => zip((v) => saturate(-128, 127)(roundHalfEven(v)), x),
  ),
  row(
    'cast',
    'int32 to float32',
    [exactly([1, -1, 16777217, 2147483647], [4], 'int32')],
    (x) => t.cast(x, 'float32'),
    (x) => zip(Math.fround, x),
  ),
  row(
    'cast',
    'int32 to bool',
    [int([9], -1, 2)],
    (x) => t.cast(x, 'bool'),
    (x) => zip(mask, x),
  ),
  row(
    'cast',
    'bool to float32',
    [bool([9])],
    (x) => t.cast(x, 'float32'),
    (x) => x,
  ),
  row(
    'cast',
    'bool to int32',
    [bool([9])],
    (x) => t.cast(x, 'int32'),
    (x) => x,
  ),
  ...(['bfloat16', 'float16'] as const).flatMap((dtype) => [
    row(
      'cast',
      `float32 to ${dtype} rounds half to even`,
      [
        exactly([
          1, 1.00390625, 1.01171875, 1.00048828125, 1.00146484375, -3.14159, 65519, 65520, 1e-7, 6e-8, 3e-8,
          1e-40, 3.4e38,
        ]),
      ],
      (x) => t.cast(x, dtype),
      (x) => zip((v) => roundTo(dtype, v), x),
      { rough: true },
    ),
    row(
      'cast',
      `NaN and infinities to ${dtype} and back`,
      [exactly([NaN, Infinity, -Infinity])],
      (x) => t.cast(t.cast(x, dtype), 'float32'),
      (x) => x,
      { special: true, rough: true },
    ),
    row(
      'cast',
      `to ${dtype} and back in a chain of arithmetic`,
      [float([3, 4])],
      (x) => t.mul(t.cast(t.cast(t.mul(x, 1.5), dtype), 'float32'), 2),
      (x) => zip((v) => 2 * roundTo(dtype, Math.fround(v * 1.5)), x),
      { rough: true },
    ),
  ]),
];
