import * as t from '../../../src/index.js';
import { bool, exactly, float, int } from '../inputs.js';
import { joined, padded, permuted, pick } from '../reference/moves.js';
import { at, build, nd } from '../reference/nd.js';
import { type Row, row } from '../row.js';

export const copyCases: readonly Row[] = [
  row(
    'concat',
    'along the first axis',
    [float([2, 3]), float([1, 3])],
    (a, b) => t.concat([a, b]),
    (a, b) => joined([a, b], 0),
  ),
  row(
    'concat',
    'along the last axis, with an empty part',
    [float([2, 3]), float([2, 0]), float([2, 2])],
    (a, b, c) => t.concat([a, b, c], -1),
    (a, b, c) => joined([a, b, c], 1),
  ),
  row(
    'concat',
    'of nine parts',
    Array.from({ length: 9 }, (_, i) => float([2, 1 + (i % 3)])),
    (...x) => t.concat(x, 1),
    (...x) => joined(x, 1),
  ),
  row(
    'concat',
    'of whole numbers',
    [int([3], -9, 9), int([2], -9, 9)],
    (a, b) => t.concat([a, b]),
    (a, b) => joined([a, b], 0),
  ),
  row(
    'concat',
    'of large whole numbers',
    [exactly([16777217, 2 ** 31 - 1], [2], 'int32'), exactly([-16777217], [1], 'int32')],
    (a, b) => t.concat([a, b]),
    (a, b) => joined([a, b], 0),
  ),
  row(
    'concat',
    'of a float and a boolean',
    [float([2]), bool([3])],
    (a, b) => t.concat([a, b]),
    (a, b) => joined([a, b], 0),
  ),
  row(
    'concat',
    'of a view and a tensor',
    [float([3, 2]), float([2, 3])],
    (a, b) => t.concat([t.transpose(a), b], 1),
    (a, b) => joined([permuted(a, [1, 0]), b], 1),
  ),
  row(
    'stack',
    'along a new first axis',
    [float([2, 3]), float([2, 3])],
    (a, b) => t.stack([a, b]),
    (a, b) => joined([nd([1, 2, 3], a.data), nd([1, 2, 3], b.data)], 0),
  ),
  row(
    'stack',
    'along a new last axis',
    [float([2, 3]), float([2, 3])],
    (a, b) => t.stack([a, b], -1),
    (a, b) => joined([nd([2, 3, 1], a.data), nd([2, 3, 1], b.data)], 2),
  ),
  row(
    'pad',
    'with zeros',
    [float([2, 3])],
    (x) =>
      t.pad(x, [
        [1, 0],
        [2, 1],
      ]),
    (x) =>
      padded(x, [
        [1, 0],
        [2, 1],
      ]),
  ),
  row(
    'pad',
    'with a value',
    [float([3])],
    (x) => t.pad(x, [[2, 1]], 7),
    (x) => padded(x, [[2, 1]], 7),
  ),
  row(
    'pad',
    'of whole numbers',
    [int([2, 2], 1, 9)],
    (x) =>
      t.pad(
        x,
        [
          [0, 1],
          [1, 0],
        ],
        -1,
      ),
    (x) =>
      padded(
        x,
        [
          [0, 1],
          [1, 0],
        ],
        -1,
      ),
  ),
  row(
    'pad',
    'of nothing',
    [float([0, 2])],
    (x) =>
      t.pad(
        x,
        [
          [1, 1],
          [0, 0],
        ],
        3,
      ),
    (x) =>
      padded(
        x,
        [
          [1, 1],
          [0, 0],
        ],
        3,
      ),
  ),
  row(
    'pad',
    'of a wide matrix',
    [float([9, 11])],
    (x) =>
      t.pad(x, [
        [1, 1],
        [1, 1],
      ]),
    (x) =>
      padded(x, [
        [1, 1],
        [1, 1],
      ]),
  ),
  row(
    'repeat',
    'each element',
    [float([2, 3])],
    (x) => t.repeat(x, 3, 1),
    (x) => pick(x, [2, 9], ([i, j]) => [i, Math.floor(j / 3)]),
  ),
  row(
    'repeat',
    'zero times',
    [float([2, 3])],
    (x) => t.repeat(x, 0),
    () => nd([0, 3], []),
  ),
  row(
    'tile',
    'along both axes',
    [float([2, 3])],
    (x) => t.tile(x, [2, 2]),
    (x) => pick(x, [4, 6], ([i, j]) => [i % 2, j % 3]),
  ),
  row(
    'tile',
    'along a new axis',
    [float([3])],
    (x) => t.tile(x, [2, 1]),
    (x) => pick(x, [2, 3], ([, j]) => [j]),
  ),
  row(
    'tril',
    'of a square',
    [float([4, 4])],
    (x) => t.tril(x),
    (x) => build([4, 4], ([i, j]) => (j <= i ? at(x, [i, j]) : 0)),
  ),
  row(
    'tril',
    'of a batch, above the diagonal',
    [float([2, 3, 4])],
    (x) => t.tril(x, 1),
    (x) => build([2, 3, 4], ([b, i, j]) => (j <= i + 1 ? at(x, [b, i, j]) : 0)),
  ),
];
