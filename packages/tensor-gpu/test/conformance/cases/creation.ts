import * as t from '../../../src/index.js';
import { distinct, float, int } from '../inputs.js';
import { at, build, nd } from '../reference/nd.js';
import { type Row, row } from '../row.js';

const made = { unbatched: true } as const;
const creation: readonly Row[] = [
  row(
    'zeros',
    'of a shape',
    [],
    () => t.zeros([2, 3]),
    () => nd([2, 3], new Array<number>(6).fill(0)),
    made,
  ),
  row(
    'zeros',
    'of whole numbers',
    [],
    () => t.zeros([3], 'int32'),
    () => nd([3], [0, 0, 0]),
    made,
  ),
  row(
    'ones',
    'of a shape',
    [],
    () => t.ones([2, 3]),
    () => nd([2, 3], new Array<number>(6).fill(1)),
    made,
  ),
  row(
    'full',
    'of a value',
    [],
    () => t.full([2, 2], -1.5),
    () => nd([2, 2], [-1.5, -1.5, -1.5, -1.5]),
    made,
  ),
  row(
    'full',
    'of booleans',
    [],
    () => t.full([2], 1, 'bool'),
    () => nd([2], [1, 1]),
    made,
  ),
  row(
    'eye',
    'of a square',
    [],
    () => t.eye(3),
    () => build([3, 3], ([i, j]) => Number(i === j)),
    made,
  ),
  row(
    'eye',
    'of a wide matrix',
    [],
    () => t.eye(2, 4),
    () => build([2, 4], ([i, j]) => Number(i === j)),
    made,
  ),
  row(
    'arange',
    'of whole numbers',
    [],
    () => t.arange(5),
    () => nd([5], [0, 1, 2, 3, 4]),
    made,
  ),
  row(
    'arange',
    'downwards',
    [],
    () => t.arange(5, -2, -3),
    () => nd([3], [5, 2, -1]),
    made,
  ),
  row(
    'arange',
    'of fractions',
    [],
    () => t.arange(0, 1, 0.25),
    () => nd([4], [0, 0.25, 0.5, 0.75]),
    made,
  ),
  row(
    'linspace',
    'between two ends',
    [],
    () => t.linspace(-1, 2, 7),
    () => nd([7], [-1, -0.5, 0, 0.5, 1, 1.5, 2]),
    made,
  ),
  row(
    'linspace',
    'of one point',
    [],
    () => t.linspace(3, 9, 1),
    () => nd([1], [3]),
    made,
  ),
  row(
    'zerosLike',
    'of a matrix',
    [float([2, 3])],
    (x) => t.zerosLike(x),
    (x) =>
      nd(
        x.shape,
        x.data.map(() => 0),
      ),
  ),
  row(
    'onesLike',
    'of whole numbers',
    [int([4], 0, 9)],
    (x) => t.onesLike(x),
    (x) =>
      nd(
        x.shape,
        x.data.map(() => 1),
      ),
  ),
];

/** A function seen by transforms: its derivative is what it says it is. */
const doubled = t.customGrad((x: t.Tensor) => ({
  value: t.mul(x, x),
  grad: (ct) => [t.mul(ct, t.mul(x, 2))],
}));
const recomputed = t.checkpoint((x: t.Tensor, y: t.Tensor) => t.mul(t.exp(x), y));
const custom: readonly Row[] = [
  row(
    'customGrad',
    'that tells the true derivative',
    [distinct([3, 4])],
    (x) => doubled(x),
    (x) =>
      nd(
        x.shape,
        x.data.map((v) => v * v),
      ),
  ),
  row(
    'checkpoint',
    'of two inputs',
    [float([3, 4]), float([3, 4])],
    (x, y) => recomputed(x, y),
    (x, y) => build(x.shape, (i) => Math.exp(at(x, i)) * at(y, i)),
  ),
];

export const creationCases: readonly Row[] = [...creation, ...custom];
