import * as t from '../../../src/index.js';
import { bool, distinct, exactly, float, int } from '../inputs.js';
import { at, build, type Nd, nd } from '../reference/nd.js';
import { type Row, row } from '../row.js';

/** The element of `x` that stands at each index of a new shape. */
const pick = (x: Nd, shape: readonly number[], from: (index: number[]) => number[]): Nd => build(shape, (i) => at(x, from(i)));
const permuted = (x: Nd, perm: readonly number[]): Nd =>
  pick(x, perm.map((p) => x.shape[p]), (index) => x.shape.map((_, axis) => index[perm.indexOf(axis)]));
const spread = (x: Nd, shape: readonly number[]): Nd =>
  pick(x, shape, (index) => x.shape.map((d, a) => (d === 1 ? 0 : index[shape.length - x.shape.length + a])));

/** Python's `range(*slice(start, stop, step).indices(n))`. */
function range(n: number, start: number | null, stop: number | null, step: number): number[] {
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, low), high);
  const from = start === null ? (step > 0 ? 0 : n - 1) : clip(start);
  const to = stop === null ? (step > 0 ? n : -1) : clip(stop);
  const out: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(i);
  return out;
}
function sliced(x: Nd, start: readonly number[], stop: readonly (number | null)[] = [], step: readonly number[] = []): Nd {
  const lists = x.shape.map((d, a) => range(d, start[a] ?? null, stop[a] ?? null, step[a] ?? 1));
  return pick(x, lists.map((l) => l.length), (index) => index.map((i, a) => lists[a][i]));
}
function joined(arrays: readonly Nd[], axis: number): Nd {
  const size = arrays.reduce((n, x) => n + x.shape[axis], 0);
  return build(arrays[0].shape.with(axis, size), (index) => {
    let i = index[axis];
    let which = 0;
    while (i >= arrays[which].shape[axis]) i -= arrays[which++].shape[axis];
    return at(arrays[which], index.with(axis, i));
  });
}
const padded = (x: Nd, widths: readonly (readonly [number, number])[], value = 0): Nd =>
  build(x.shape.map((d, a) => d + widths[a][0] + widths[a][1]), (index) => {
    const inner = index.map((i, a) => i - widths[a][0]);
    return inner.every((i, a) => i >= 0 && i < x.shape[a]) ? at(x, inner) : value;
  });

const views: readonly Row[] = [
  row('reshape', 'to more axes', [float([6, 4])], (x) => t.reshape(x, [2, 3, 4]), (x) => nd([2, 3, 4], x.data)),
  row('reshape', 'with an open axis', [float([6, 4])], (x) => t.reshape(x, [3, -1]), (x) => nd([3, 8], x.data)),
  row('reshape', 'of a transposed view copies in the right order', [float([3, 4])], (x) => t.reshape(t.transpose(x), [2, 6]), (x) => nd([2, 6], permuted(x, [1, 0]).data)),
  row('reshape', 'of a scalar', [float([])], (x) => t.reshape(x, [1, 1]), (x) => nd([1, 1], x.data)),
  row('reshape', 'of nothing', [float([0, 3])], (x) => t.reshape(x, [3, 0]), () => nd([3, 0], [])),
  row('transpose', 'of a matrix', [float([3, 5])], (x) => t.transpose(x), (x) => permuted(x, [1, 0])),
  row('transpose', 'with a permutation', [float([2, 3, 4])], (x) => t.transpose(x, [1, 2, 0]), (x) => permuted(x, [1, 2, 0])),
  row('transpose', 'of 90 elements', [int([9, 10], -9, 9)], (x) => t.transpose(x), (x) => permuted(x, [1, 0])),
  row('swapAxes', 'of three axes', [float([2, 3, 4])], (x) => t.swapAxes(x, 0, -1), (x) => permuted(x, [2, 1, 0])),
  row('moveAxis', 'to the end', [float([2, 3, 4])], (x) => t.moveAxis(x, 0, -1), (x) => permuted(x, [1, 2, 0])),
  row('moveAxis', 'to the front', [float([2, 3, 4])], (x) => t.moveAxis(x, 2, 0), (x) => permuted(x, [2, 0, 1])),
  row('broadcastTo', 'of a column', [float([3, 1])], (x) => t.broadcastTo(x, [2, 3, 4]), (x) => spread(x, [2, 3, 4])),
  row('broadcastTo', 'of a scalar', [float([])], (x) => t.broadcastTo(x, [2, 3]), (x) => spread(x, [2, 3])),
  row('broadcastTo', 'to nothing', [float([1, 3])], (x) => t.broadcastTo(x, [0, 3]), () => nd([0, 3], [])),
  row('expandDims', 'at the end', [float([2, 3])], (x) => t.expandDims(x, -1), (x) => nd([2, 3, 1], x.data)),
  row('expandDims', 'of a scalar', [float([])], (x) => t.expandDims(x, 0), (x) => nd([1], x.data)),
  row('squeeze', 'of all axes of size 1', [float([1, 3, 1, 2])], (x) => t.squeeze(x), (x) => nd([3, 2], x.data)),
  row('squeeze', 'of one axis', [float([1, 3, 1])], (x) => t.squeeze(x, -1), (x) => nd([1, 3], x.data)),
  row('slice', 'of a box', [float([4, 5])], (x) => t.slice(x, [1, 2], [3, 5]), (x) => sliced(x, [1, 2], [3, 5])),
  row('slice', 'with steps', [float([7, 5])], (x) => t.slice(x, [1, 0], [7, 5], [2, 3]), (x) => sliced(x, [1, 0], [7, 5], [2, 3])),
  row('slice', 'backwards', [float([5, 4])], (x) => t.slice(x, [3, 3], [null, 0], [-1, -2]), (x) => sliced(x, [3, 3], [null, 0], [-1, -2])),
  row('slice', 'from the end, cut at the ends', [float([5, 4])], (x) => t.slice(x, [-3, -9], [99, -1]), (x) => sliced(x, [-3, -9], [99, -1])),
  row('slice', 'of nothing', [float([5])], (x) => t.slice(x, [4], [2]), (x) => sliced(x, [4], [2])),
  row('flip', 'of all axes', [float([3, 4])], (x) => t.flip(x), (x) => sliced(x, [2, 3], [null, null], [-1, -1])),
  row('flip', 'of one axis', [float([3, 4])], (x) => t.flip(x, 1), (x) => sliced(x, [0, 3], [3, null], [1, -1])),
  row('splitAxis', 'into equal parts', [float([2, 6])], (x) => t.splitAxis(x, 3, 1), (x) => [0, 2, 4].map((s) => sliced(x, [0, s], [2, s + 2]))),
  row('splitAxis', 'into given sizes, one of them nothing', [float([5, 2])], (x) => t.splitAxis(x, [1, 0, 4]), (x) => [sliced(x, [0], [1]), sliced(x, [1], [1]), sliced(x, [1], [5])]),
];

const copies: readonly Row[] = [
  row('concat', 'along the first axis', [float([2, 3]), float([1, 3])], (a, b) => t.concat([a, b]), (a, b) => joined([a, b], 0)),
  row('concat', 'along the last axis, with an empty part', [float([2, 3]), float([2, 0]), float([2, 2])], (a, b, c) => t.concat([a, b, c], -1), (a, b, c) => joined([a, b, c], 1)),
  row('concat', 'of nine parts', Array.from({ length: 9 }, (_, i) => float([2, 1 + (i % 3)])), (...x) => t.concat(x, 1), (...x) => joined(x, 1)),
  row('concat', 'of whole numbers', [int([3], -9, 9), int([2], -9, 9)], (a, b) => t.concat([a, b]), (a, b) => joined([a, b], 0)),
  row('concat', 'of large whole numbers', [exactly([16777217, 2 ** 31 - 1], [2], 'int32'), exactly([-16777217], [1], 'int32')], (a, b) => t.concat([a, b]), (a, b) => joined([a, b], 0)),
  row('concat', 'of a float and a boolean', [float([2]), bool([3])], (a, b) => t.concat([a, b]), (a, b) => joined([a, b], 0)),
  row('concat', 'of a view and a tensor', [float([3, 2]), float([2, 3])], (a, b) => t.concat([t.transpose(a), b], 1), (a, b) => joined([permuted(a, [1, 0]), b], 1)),
  row('stack', 'along a new first axis', [float([2, 3]), float([2, 3])], (a, b) => t.stack([a, b]), (a, b) => joined([nd([1, 2, 3], a.data), nd([1, 2, 3], b.data)], 0)),
  row('stack', 'along a new last axis', [float([2, 3]), float([2, 3])], (a, b) => t.stack([a, b], -1), (a, b) => joined([nd([2, 3, 1], a.data), nd([2, 3, 1], b.data)], 2)),
  row('pad', 'with zeros', [float([2, 3])], (x) => t.pad(x, [[1, 0], [2, 1]]), (x) => padded(x, [[1, 0], [2, 1]])),
  row('pad', 'with a value', [float([3])], (x) => t.pad(x, [[2, 1]], 7), (x) => padded(x, [[2, 1]], 7)),
  row('pad', 'of whole numbers', [int([2, 2], 1, 9)], (x) => t.pad(x, [[0, 1], [1, 0]], -1), (x) => padded(x, [[0, 1], [1, 0]], -1)),
  row('pad', 'of nothing', [float([0, 2])], (x) => t.pad(x, [[1, 1], [0, 0]], 3), (x) => padded(x, [[1, 1], [0, 0]], 3)),
  row('pad', 'of a wide matrix', [float([9, 11])], (x) => t.pad(x, [[1, 1], [1, 1]]), (x) => padded(x, [[1, 1], [1, 1]])),
  row('repeat', 'each element', [float([2, 3])], (x) => t.repeat(x, 3, 1), (x) => pick(x, [2, 9], ([i, j]) => [i, Math.floor(j / 3)])),
  row('repeat', 'zero times', [float([2, 3])], (x) => t.repeat(x, 0), () => nd([0, 3], [])),
  row('tile', 'along both axes', [float([2, 3])], (x) => t.tile(x, [2, 2]), (x) => pick(x, [4, 6], ([i, j]) => [i % 2, j % 3])),
  row('tile', 'along a new axis', [float([3])], (x) => t.tile(x, [2, 1]), (x) => pick(x, [2, 3], ([, j]) => [j])),
  row('tril', 'of a square', [float([4, 4])], (x) => t.tril(x), (x) => build([4, 4], ([i, j]) => (j <= i ? at(x, [i, j]) : 0))),
  row('tril', 'of a batch, above the diagonal', [float([2, 3, 4])], (x) => t.tril(x, 1), (x) => build([2, 3, 4], ([b, i, j]) => (j <= i + 1 ? at(x, [b, i, j]) : 0))),
];

const made = { unbatched: true } as const;
const creation: readonly Row[] = [
  row('zeros', 'of a shape', [], () => t.zeros([2, 3]), () => nd([2, 3], new Array<number>(6).fill(0)), made),
  row('zeros', 'of whole numbers', [], () => t.zeros([3], 'int32'), () => nd([3], [0, 0, 0]), made),
  row('ones', 'of a shape', [], () => t.ones([2, 3]), () => nd([2, 3], new Array<number>(6).fill(1)), made),
  row('full', 'of a value', [], () => t.full([2, 2], -1.5), () => nd([2, 2], [-1.5, -1.5, -1.5, -1.5]), made),
  row('full', 'of booleans', [], () => t.full([2], 1, 'bool'), () => nd([2], [1, 1]), made),
  row('eye', 'of a square', [], () => t.eye(3), () => build([3, 3], ([i, j]) => Number(i === j)), made),
  row('eye', 'of a wide matrix', [], () => t.eye(2, 4), () => build([2, 4], ([i, j]) => Number(i === j)), made),
  row('arange', 'of whole numbers', [], () => t.arange(5), () => nd([5], [0, 1, 2, 3, 4]), made),
  row('arange', 'downwards', [], () => t.arange(5, -2, -3), () => nd([3], [5, 2, -1]), made),
  row('arange', 'of fractions', [], () => t.arange(0, 1, 0.25), () => nd([4], [0, 0.25, 0.5, 0.75]), made),
  row('linspace', 'between two ends', [], () => t.linspace(-1, 2, 7), () => nd([7], [-1, -0.5, 0, 0.5, 1, 1.5, 2]), made),
  row('linspace', 'of one point', [], () => t.linspace(3, 9, 1), () => nd([1], [3]), made),
  row('zerosLike', 'of a matrix', [float([2, 3])], (x) => t.zerosLike(x), (x) => nd(x.shape, x.data.map(() => 0))),
  row('onesLike', 'of whole numbers', [int([4], 0, 9)], (x) => t.onesLike(x), (x) => nd(x.shape, x.data.map(() => 1))),
];

/** A function seen by transforms: its derivative is what it says it is. */
const doubled = t.customGrad((x: t.Tensor) => ({ value: t.mul(x, x), grad: (ct) => [t.mul(ct, t.mul(x, 2))] }));
const recomputed = t.checkpoint((x: t.Tensor, y: t.Tensor) => t.mul(t.exp(x), y));
const custom: readonly Row[] = [
  row('customGrad', 'that tells the true derivative', [distinct([3, 4])], (x) => doubled(x), (x) => nd(x.shape, x.data.map((v) => v * v))),
  row('checkpoint', 'of two inputs', [float([3, 4]), float([3, 4])], (x, y) => recomputed(x, y), (x, y) => build(x.shape, (i) => Math.exp(at(x, i)) * at(y, i))),
];

export const shapingCases: readonly Row[] = [...views, ...copies, ...creation, ...custom];

