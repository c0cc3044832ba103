import * as t from '../../../src/index.js';
import { fold, unfold } from '../../../src/primitives/window.js';
import type { WindowParams } from '../../../src/tensor/window.js';
import { float } from '../inputs.js';
import { at, broadcastShape, build, indices, type Nd, nd, sizeOf, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

const magnitudes = (x: Nd): Nd => zip(Math.abs, x);

/** NumPy's matmul. */
function product(a: Nd, b: Nd): Nd {
  const x = a.shape.length === 1 ? nd([1, ...a.shape], a.data) : a;
  const y = b.shape.length === 1 ? nd([...b.shape, 1], b.data) : b;
  const [m, k] = x.shape.slice(-2);
  const n = y.shape.at(-1)!;
  const batch = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const full = build([...batch, m, n], (index) => {
    const [i, j] = index.slice(-2);
    const lead = (shape: readonly number[]): number[] =>
      shape.slice(0, -2).map((d, axis) => (d === 1 ? 0 : index[batch.length - (shape.length - 2) + axis]));
    let sum = 0;
    for (let l = 0; l < k; l++) sum += at(x, [...lead(x.shape), i, l]) * at(y, [...lead(y.shape), l, j]);
    return sum;
  });
  return nd(
    [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])],
    full.data,
  );
}

const products: readonly (readonly [string, number[], number[]])[] = [
  ['of two matrices', [3, 4], [4, 5]],
  ['of matrices larger than a tile', [13, 17], [17, 11]],
  ['of two vectors', [5], [5]],
  ['of a vector and a matrix', [4], [4, 3]],
  ['of a matrix and a vector', [3, 4], [4]],
  ['of batches', [3, 2, 4], [3, 4, 2]],
  ['of a batch and one matrix', [3, 2, 4], [4, 2]],
  ['of one matrix and a batch', [2, 4], [3, 4, 2]],
  ['of batches that broadcast', [2, 1, 2, 3], [3, 3, 2]],
  ['over nothing', [2, 0], [0, 3]],
  ['of no row', [0, 2], [2, 3]],
  ['of scalars as matrices', [1, 1], [1, 1]],
];
const matmulRows = products.map(([title, a, b]) =>
  row('matmul', title, [float(a), float(b)], (x, y) => t.matmul(x, y), product, {
    scale: (x, y) => product(magnitudes(x), magnitudes(y)),
  }),
);
const long = row(
  'matmul',
  'over 700 terms keeps its digits',
  [float([3, 700], 0.9, 1.1), float([700, 5], 0.9, 1.1)],
  (x, y) => t.matmul(x, y),
  product,
  {
    rough: true,
  },
);
const transposed = [
  row(
    'matmul',
    'of a transposed left side',
    [float([4, 3]), float([4, 5])],
    (x, y) => t.matmul(t.transpose(x), y),
    (x, y) => contract('ki,kj->ij', x, y),
    { scale: (x, y) => contract('ki,kj->ij', magnitudes(x), magnitudes(y)) },
  ),
  row(
    'matmul',
    'of a transposed right side',
    [float([3, 4]), float([5, 4])],
    (x, y) => t.matmul(x, t.transpose(y)),
    (x, y) => contract('ik,jk->ij', x, y),
    { scale: (x, y) => contract('ik,jk->ij', magnitudes(x), magnitudes(y)) },
  ),
  row(
    'matmul',
    'of a broadcast row',
    [float([4]), float([4, 5])],
    (x, y) => t.matmul(t.broadcastTo(x, [3, 4]), y),
    (x, y) => contract('k,kj,i->ij', x, y, nd([3], [1, 1, 1])),
    { scale: (x, y) => contract('k,kj,i->ij', magnitudes(x), magnitudes(y), nd([3], [1, 1, 1])) },
  ),
];

/** Einstein summation by its definition: a sum over every index letter that is not in the result. */
function contract(pattern: string, ...arrays: Nd[]): Nd {
  const [from, to] = pattern.split('->');
  const inputs = from.split(',');
  const size = new Map<string, number>();
  arrays.forEach((x, i) => [...inputs[i]].forEach((c, axis) => size.set(c, x.shape[axis])));
  const summed = [...size.keys()].filter((c) => !to.includes(c));
  const box = (letters: readonly string[]): number[] => letters.map((c) => size.get(c)!);
  return build(box([...to]), (index) => {
    let total = 0;
    for (const inner of indices(box(summed))) {
      const place = (c: string): number => (to.includes(c) ? index[to.indexOf(c)] : inner[summed.indexOf(c)]);
      total += arrays.reduce((p, x, i) => p * at(x, [...inputs[i]].map(place)), 1);
    }
    return total;
  });
}
const einsums: readonly (readonly [string, ...number[][]])[] = [
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['bij,bjk->bik', [2, 2, 3], [2, 3, 2]],
  ['bhqd,bhkd->bhqk', [2, 2, 2, 3], [2, 2, 3, 3]],
  ['ij->ji', [2, 3]],
  ['ij->', [2, 3]],
  ['ii->i', [3, 3]],
  ['ii->', [3, 3]],
  ['i,j->ij', [3], [4]],
  ['ij,ij->', [2, 3], [2, 3]],
  ['ij,ik->jk', [3, 2], [3, 4]],
  ['ijk,k->ji', [2, 3, 2], [2]],
  ['iij,j->i', [2, 2, 3], [3]],
  ['ab,cd->acbd', [2, 2], [2, 3]],
];
const einsumRows = einsums.map(([pattern, ...shapes]) =>
  row(
    'einsum',
    pattern,
    shapes.map((s) => float(s)),
    (...x) => t.einsum(pattern, ...x),
    (...x) => contract(pattern, ...x),
    {
      scale: (...x) => contract(pattern, ...x.map(magnitudes)),
    },
  ),
);
const implicit = row(
  'einsum',
  'without a result names the letters that occur once',
  [float([2, 3]), float([3, 4])],
  (x, y) => t.einsum('bc,ca', x, y),
  (x, y) => contract('bc,ca->ab', x, y),
  {
    scale: (x, y) => contract('bc,ca->ab', magnitudes(x), magnitudes(y)),
  },
);

/** Columns of windows and their transpose, by the definition. */
function windows(x: Nd, w: WindowParams): Nd {
  const [b, c] = x.shape;
  const count = ([0, 1] as const).map(
    (i) =>
      Math.floor(
        (w.input[i] + w.padding[i][0] + w.padding[i][1] - w.dilation[i] * (w.kernel[i] - 1) - 1) /
          w.stride[i],
      ) + 1,
  );
  return build([b, c * w.kernel[0] * w.kernel[1], count[0] * count[1]], ([n, row, column]) => {
    const channel = Math.floor(row / (w.kernel[0] * w.kernel[1]));
    const inWindow = [Math.floor(row / w.kernel[1]) % w.kernel[0], row % w.kernel[1]];
    const window = [Math.floor(column / count[1]), column % count[1]];
    const place = ([0, 1] as const).map(
      (i) => window[i] * w.stride[i] + inWindow[i] * w.dilation[i] - w.padding[i][0],
    );
    return place.every((p, i) => p >= 0 && p < w.input[i]) ? at(x, [n, channel, ...place]) : w.fill;
  });
}
function overlaps(y: Nd, w: WindowParams, channels: number): Nd {
  const shape = [y.shape[0], channels, ...w.input];
  const out = nd(shape, new Float64Array(sizeOf(shape)));
  for (const index of indices(shape)) {
    // Where does each element of the image go? Mark it, look, and add up.
    const mark = build(shape, (i) => Number(i.every((v, a) => v === index[a])));
    const seen = windows(mark, { ...w, fill: 0 });
    out.data[index.reduce((flat, i, a) => flat * shape[a] + i, 0)] = seen.data.reduce(
      (s, m, i) => s + m * y.data[i],
      0,
    );
  }
  return out;
}
const shapes: readonly (readonly [string, WindowParams])[] = [
  [
    'of 2×3 windows',
    {
      input: [4, 5],
      kernel: [2, 3],
      stride: [1, 1],
      dilation: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      fill: 0,
    },
  ],
  [
    'with padding, stride and dilation',
    {
      input: [5, 4],
      kernel: [2, 2],
      stride: [2, 1],
      dilation: [1, 2],
      padding: [
        [1, 0],
        [1, 2],
      ],
      fill: 0,
    },
  ],
];
const windowRows = shapes.flatMap(([title, w]) => [
  row(
    'unfold',
    title,
    [float([2, 2, ...w.input])],
    (x) => unfold(x, w),
    (x) => windows(x, w),
    { wide: true },
  ),
  row(
    'fold',
    title,
    [float(windows(nd([2, 2, ...w.input], new Float64Array(4 * sizeOf(w.input))), w).shape)],
    (y) => fold(y, w),
    (y) => overlaps(y, w, 2),
    { scale: (y) => overlaps(magnitudes(y), w, 2), wide: true },
  ),
]);
const filled = row(
  'unfold',
  'with a fill for maxima',
  [float([1, 1, 3, 3])],
  (x) => unfold(x, { ...shapes[1][1], input: [3, 3], fill: -1e30 }),
  (x) => windows(x, { ...shapes[1][1], input: [3, 3], fill: -1e30 }),
  { rough: true },
);

export const linearCases: readonly Row[] = [
  ...matmulRows,
  long,
  ...transposed,
  ...einsumRows,
  implicit,
  ...windowRows,
  filled,
];
