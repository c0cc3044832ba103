import * as t from '../../../src/index.js';
import { bool, distinct, exactly, float, int } from '../inputs.js';
import { alongAxis, at, build, type Nd, nd, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

const taken = (x: Nd, index: Nd, axis: number): Nd => {
  const rank = index.shape.length;
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
  return build(shape, (i) =>
    at(x, [...i.slice(0, axis), at(index, i.slice(axis, axis + rank)), ...i.slice(axis + rank)]),
  );
};
const takenAlong = (x: Nd, index: Nd, axis: number): Nd =>
  build(index.shape, (i) => at(x, i.with(axis, at(index, i))));
function scattered(index: Nd, updates: Nd, size: number): Nd {
  return build([size, ...updates.shape.slice(1)], ([row, ...rest]) =>
    index.data.reduce((sum, target, j) => sum + (target === row ? at(updates, [j, ...rest]) : 0), 0),
  );
}
const hot = (index: Nd, depth: number): Nd =>
  build([...index.shape, depth], (i) => Number(at(index, i.slice(0, -1)) === i.at(-1)));

const gathers: readonly Row[] = [
  row(
    'take',
    'of rows',
    [float([5, 3]), int([4], 0, 5)],
    (x, i) => t.take(x, i),
    (x, i) => taken(x, i, 0),
  ),
  row(
    'take',
    'of columns by a matrix of indices',
    [float([2, 5]), int([2, 3], 0, 5)],
    (x, i) => t.take(x, i, 1),
    (x, i) => taken(x, i, 1),
  ),
  row(
    'take',
    'along a middle axis',
    [float([2, 4, 3]), int([5], 0, 4)],
    (x, i) => t.take(x, i, -2),
    (x, i) => taken(x, i, 1),
  ),
  row(
    'take',
    'of one row',
    [float([5, 3]), int([], 0, 5)],
    (x, i) => t.take(x, i),
    (x, i) => taken(x, i, 0),
  ),
  row(
    'take',
    'of no row',
    [float([5, 3]), int([0], 0, 5)],
    (x, i) => t.take(x, i),
    (x, i) => taken(x, i, 0),
  ),
  row(
    'take',
    'of whole numbers beyond 2^24',
    [exactly([16777217, -5, 2 ** 31 - 1], [3], 'int32'), int([6], 0, 3)],
    (x, i) => t.take(x, i),
    (x, i) => taken(x, i, 0),
  ),
  row(
    'take',
    'of 200 rows',
    [float([7, 4]), int([200], 0, 7)],
    (x, i) => t.take(x, i),
    (x, i) => taken(x, i, 0),
    { rough: true },
  ),
  row(
    'embedding',
    'of a batch of tokens',
    [float([6, 4]), int([2, 3], 0, 6)],
    (x, i) => t.embedding(x, i),
    (x, i) => taken(x, i, 0),
  ),
  row(
    'takeAlongAxis',
    'along the last axis',
    [float([3, 5]), int([3, 2], 0, 5)],
    (x, i) => t.takeAlongAxis(x, i, 1),
    (x, i) => takenAlong(x, i, 1),
  ),
  row(
    'takeAlongAxis',
    'along the first axis',
    [float([4, 3]), int([2, 3], 0, 4)],
    (x, i) => t.takeAlongAxis(x, i, 0),
    (x, i) => takenAlong(x, i, 0),
  ),
  row(
    'scatterAdd',
    'with repeated rows',
    [int([7], 0, 3), float([7, 2])],
    (i, u) => t.scatterAdd(i, u, 4),
    (i, u) => scattered(i, u, 4),
    { scale: (i, u) => scattered(i, zip(Math.abs, u), 4) },
  ),
  row(
    'scatterAdd',
    'of numbers',
    [int([9], 0, 4), float([9])],
    (i, u) => t.scatterAdd(i, u, 4),
    (i, u) => scattered(i, u, 4),
    { scale: (i, u) => scattered(i, zip(Math.abs, u), 4) },
  ),
  row(
    'scatterAdd',
    'of nothing',
    [int([0], 0, 4), float([0, 2])],
    (i, u) => t.scatterAdd(i, u, 3),
    (i, u) => scattered(i, u, 3),
  ),
  row(
    'oneHot',
    'of a vector',
    [int([5], 0, 4)],
    (i) => t.oneHot(i, 4),
    (i) => hot(i, 4),
  ),
  row(
    'oneHot',
    'of a matrix, with indices outside',
    [int([2, 3], -1, 5)],
    (i) => t.oneHot(i, 4, 'int32'),
    (i) => hot(i, 4),
  ),
];

const compare =
  (descending: boolean) =>
  (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a === b ? 0 : a < b === descending ? 1 : -1;
  };
const order = (v: number[], descending = false): number[] =>
  v.map((_, i) => i).sort((i, j) => compare(descending)(v[i], v[j]) || i - j);
const sorted = (v: number[], descending = false): number[] => order(v, descending).map((i) => v[i]);
const level =
  (q: number) =>
  (v: number[]): number => {
    const s = sorted(v);
    const place = q * (v.length - 1);
    const low = Math.floor(place);
    return s[low] + (place - low) * ((s[low + 1] ?? s[low]) - s[low]);
  };
const ties = exactly([2, 1, 2, 0, -0, 1, 2, 1], [2, 4]);
const nan = exactly([3, NaN, 1, NaN, -Infinity, 2, Infinity, 0], [2, 4]);
const along = (x: Nd, axis: number, f: (v: number[]) => number): Nd => {
  const out = alongAxis((v) => [f(v)], x, axis);
  return nd(
    out.shape.filter((_, i) => i !== axis),
    out.data,
  );
};

const sorts: readonly Row[] = [
  row(
    'sort',
    'along the last axis',
    [distinct([3, 6])],
    (x) => t.sort(x),
    (x) => alongAxis((v) => sorted(v), x, 1),
  ),
  row(
    'sort',
    'along the first axis, downwards',
    [distinct([5, 3])],
    (x) => t.sort(x, { axis: 0, descending: true }),
    (x) => alongAxis((v) => sorted(v, true), x, 0),
  ),
  row(
    'sort',
    'of 300 elements',
    [distinct([300])],
    (x) => t.sort(x),
    (x) => alongAxis((v) => sorted(v), x, 0),
    { rough: true },
  ),
  row(
    'sort',
    'of whole numbers beyond 2^24',
    [exactly([16777217, 16777216, -16777217, 2 ** 31 - 1, -(2 ** 31)], [5], 'int32')],
    (x) => t.sort(x),
    (x) => alongAxis((v) => sorted(v), x, 0),
  ),
  row(
    'sort',
    'puts NaN last',
    [nan],
    (x) => t.sort(x),
    (x) => alongAxis((v) => sorted(v), x, 1),
    { special: true, rough: true },
  ),
  row(
    'argsort',
    'keeps the order of equals',
    [ties],
    (x) => t.argsort(x),
    (x) => alongAxis((v) => order(v), x, 1),
  ),
  row(
    'argsort',
    'downwards keeps the order of equals',
    [ties],
    (x) => t.argsort(x, { descending: true }),
    (x) => alongAxis((v) => order(v, true), x, 1),
  ),
  row(
    'argsort',
    'of whole numbers along the first axis',
    [int([6, 3], -3, 4)],
    (x) => t.argsort(x, { axis: 0 }),
    (x) => alongAxis((v) => order(v), x, 0),
  ),
  row(
    'argsort',
    'of booleans',
    [bool([7])],
    (x) => t.argsort(x),
    (x) => alongAxis((v) => order(v), x, 0),
  ),
  row(
    'argsort',
    'puts NaN last in both directions',
    [nan],
    (x) => t.argsort(x, { descending: true }),
    (x) => alongAxis((v) => order(v, true), x, 1),
    { special: true },
  ),
  row(
    'topK',
    'of rows',
    [distinct([3, 6])],
    (x) => {
      const { values, indices } = t.topK(x, 2);
      return [values, indices];
    },
    (x) => [
      alongAxis((v) => sorted(v, true).slice(0, 2), x, 1),
      alongAxis((v) => order(v, true).slice(0, 2), x, 1),
    ],
  ),
  row(
    'topK',
    'along the first axis',
    [distinct([5, 2])],
    (x) => t.topK(x, 3, 0).values,
    (x) => alongAxis((v) => sorted(v, true).slice(0, 3), x, 0),
  ),
  row(
    'topK',
    'of none',
    [distinct([4])],
    (x) => t.topK(x, 0).values,
    () => nd([0], []),
  ),
  row(
    'quantile',
    'of everything',
    [distinct([3, 5])],
    (x) => t.quantile(x, 0.3),
    (x) => along(nd([15], x.data), 0, level(0.3)),
  ),
  row(
    'quantile',
    'at several levels along an axis',
    [distinct([4, 6])],
    (x) => t.quantile(x, [0, 0.25, 1], 1),
    (x) =>
      nd(
        [3, 4],
        [0, 0.25, 1].flatMap((q) => [...along(x, 1, level(q)).data]),
      ),
    { scale: (x) => nd([3, 4], new Array<number>(12).fill(Math.max(...x.data.map(Math.abs)))) },
  ),
  row(
    'quantile',
    'along the first axis',
    [distinct([5, 3])],
    (x) => t.quantile(x, 0.6, 0),
    (x) => along(x, 0, level(0.6)),
    { scale: () => nd([3], [2, 2, 2]) },
  ),
  row(
    'median',
    'of an even count',
    [distinct([6])],
    (x) => t.median(x),
    (x) => along(x, 0, level(0.5)),
    { scale: () => nd([], [1]) },
  ),
  row(
    'median',
    'along an axis',
    [distinct([3, 5])],
    (x) => t.median(x, 1),
    (x) => along(x, 1, level(0.5)),
  ),
];

export const indexingCases: readonly Row[] = [...gathers, ...sorts];
