import * as t from '../../../src/index.js';
import { distinct, exactly, float, int } from '../inputs.js';
import { at, build, type Nd, nd, reduce, zip } from '../reference/nd.js';
import { type Row, row } from '../row.js';

interface Window {
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
}

/** Cross-correlation by its definition; `f` combines an element of the image with one of the kernel. */
function correlate(
  x: Nd,
  w: Nd,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: Window,
): Nd {
  const [b, c, ...image] = x.shape;
  const [o, perGroup, ...kernel] = w.shape;
  const size = [0, 1].map(
    (i) => Math.floor((image[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1,
  );
  return build([b, o, ...size], ([n, out, ...place]) => {
    const group = Math.floor(out / (o / groups));
    let sum = 0;
    for (let channel = 0; channel < perGroup; channel++) {
      for (let i = 0; i < kernel[0]; i++) {
        for (let j = 0; j < kernel[1]; j++) {
          const [y, z] = [i, j].map((k, a) => place[a] * stride[a] - padding[a] + k * dilation[a]);
          if (y < 0 || z < 0 || y >= image[0] || z >= image[1]) continue;
          sum += at(x, [n, group * (c / groups) + channel, y, z]) * at(w, [out, channel, i, j]);
        }
      }
    }
    return sum;
  });
}
const withBias = (x: Nd, bias: Nd): Nd => zip((v, k) => v + k, x, nd([1, bias.shape[0], 1, 1], bias.data));
const magnitudes = (x: Nd): Nd => zip(Math.abs, x);

const convolutions: readonly (readonly [string, number[], number[], Window])[] = [
  ['of one channel', [1, 1, 4, 4], [1, 1, 3, 3], {}],
  [
    'with stride, padding and dilation',
    [2, 2, 5, 6],
    [3, 2, 2, 2],
    { stride: [2, 1], padding: [1, 0], dilation: [1, 2] },
  ],
  ['in groups', [1, 4, 3, 3], [2, 2, 2, 2], { groups: 2 }],
  ['channel by channel', [2, 3, 4, 4], [3, 1, 3, 3], { groups: 3, padding: [1, 1] }],
];
const convolutionRows = convolutions.map(([title, x, w, options]) =>
  row(
    'conv2d',
    title,
    [float(x), float(w), float([w[0]])],
    (a, k, b) => t.conv2d(a, k, b, options),
    (a, k, b) => withBias(correlate(a, k, options), b),
    {
      scale: (a, k, b) => withBias(correlate(magnitudes(a), magnitudes(k), options), magnitudes(b)),
    },
  ),
);
const flat = (x: Nd): Nd => nd([x.shape[0], x.shape[1], 1, x.shape[2]], x.data);
const sequence = (x: Nd): Nd => nd([x.shape[0], x.shape[1], x.shape[3]], x.data);
const sequenceRows = [
  row(
    'conv2d',
    "with 'same' padding",
    [float([1, 2, 4, 3]), float([2, 2, 3, 3])],
    (x, w) => t.conv2d(x, w, null, { padding: 'same' }),
    (x, w) => correlate(x, w, { padding: [1, 1] }),
    { scale: (x, w) => correlate(magnitudes(x), magnitudes(w), { padding: [1, 1] }) },
  ),
  row(
    'conv1d',
    'with stride and padding',
    [float([2, 2, 7]), float([3, 2, 3]), float([3])],
    (x, w, b) => t.conv1d(x, w, b, { stride: 2, padding: 1 }),
    (x, w, b) => sequence(withBias(correlate(flat(x), flat(w), { stride: [1, 2], padding: [0, 1] }), b)),
    {
      scale: (x, w, b) =>
        sequence(
          withBias(
            correlate(magnitudes(flat(x)), magnitudes(flat(w)), { stride: [1, 2], padding: [0, 1] }),
            magnitudes(b),
          ),
        ),
    },
  ),
];

/** Windows of an image, reduced; padding is left out of `values`. */
function pooled(
  x: Nd,
  size: readonly [number, number],
  { stride = size, padding = [0, 0] }: Window,
  f: (values: number[]) => number,
): Nd {
  const [b, c, ...image] = x.shape;
  const count = [0, 1].map((i) => Math.floor((image[i] + 2 * padding[i] - size[i]) / stride[i]) + 1);
  return build([b, c, ...count], ([n, channel, ...place]) => {
    const values: number[] = [];
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) {
        const [y, z] = [i, j].map((k, a) => place[a] * stride[a] - padding[a] + k);
        if (y >= 0 && z >= 0 && y < image[0] && z < image[1]) values.push(at(x, [n, channel, y, z]));
      }
    }
    return f(values);
  });
}
const largest = (v: number[]): number => Math.max(...v);
const meanOf =
  (n: number) =>
  (v: number[]): number =>
    v.reduce((a, b) => a + b, 0) / n;
const poolRows = [
  row(
    'maxPool2d',
    'of 2×2 windows',
    [distinct([2, 2, 4, 6])],
    (x) => t.maxPool2d(x, 2),
    (x) => pooled(x, [2, 2], {}, largest),
  ),
  row(
    'maxPool2d',
    'with overlap and padding',
    [distinct([1, 2, 5, 4])],
    (x) => t.maxPool2d(x, [3, 2], { stride: [2, 1], padding: [1, 0] }),
    (x) => pooled(x, [3, 2], { stride: [2, 1], padding: [1, 0] }, largest),
  ),
  row(
    'avgPool2d',
    'of 2×2 windows',
    [float([2, 2, 4, 6])],
    (x) => t.avgPool2d(x, 2),
    (x) => pooled(x, [2, 2], {}, meanOf(4)),
    { scale: (x) => pooled(magnitudes(x), [2, 2], {}, meanOf(4)) },
  ),
  row(
    'avgPool2d',
    'with padding counted as zeros',
    [float([1, 1, 3, 5])],
    (x) => t.avgPool2d(x, [2, 3], { stride: 1, padding: 1 }),
    (x) => pooled(x, [2, 3], { stride: [1, 1], padding: [1, 1] }, meanOf(6)),
    { scale: (x) => pooled(magnitudes(x), [2, 3], { stride: [1, 1], padding: [1, 1] }, meanOf(6)) },
  ),
];

/** Windows of an image as columns. */
function unfolded(
  x: Nd,
  [kh, kw]: readonly [number, number],
  window: Required<Pick<Window, 'stride' | 'padding' | 'dilation'>>,
): Nd {
  const [b, c, ...image] = x.shape;
  const { stride, padding, dilation } = window;
  const [oh, ow] = [kh, kw].map(
    (k, i) => Math.floor((image[i] + 2 * padding[i] - dilation[i] * (k - 1) - 1) / stride[i]) + 1,
  );
  return build([b, c * kh * kw, oh * ow], ([n, row, column]) => {
    const place = [Math.floor(column / ow), column % ow];
    const inside = [Math.floor(row / kw) % kh, row % kw];
    const [y, z] = [0, 1].map((i) => place[i] * stride[i] - padding[i] + inside[i] * dilation[i]);
    const isPadding = y < 0 || z < 0 || y >= image[0] || z >= image[1];
    return isPadding ? 0 : at(x, [n, Math.floor(row / (kh * kw)), y, z]);
  });
}
const unfoldRows = [
  row(
    'unfold2d',
    'of 3×3 windows',
    [float([2, 2, 4, 5])],
    (x) => t.unfold2d(x, 3),
    (x) => unfolded(x, [3, 3], { stride: [1, 1], padding: [0, 0], dilation: [1, 1] }),
  ),
  row(
    'unfold2d',
    'with stride, padding and dilation',
    [float([1, 3, 5, 6])],
    (x) => t.unfold2d(x, [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [1, 2] }),
    (x) => unfolded(x, [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [1, 2] }),
  ),
];

const average = (x: Nd, axes: readonly number[]): Nd =>
  reduce((v) => v.reduce((a, b) => a + b, 0) / v.length, x, axes, true);
function standard(x: Nd, axes: readonly number[], eps = 1e-5): Nd {
  const centred = zip((v, m) => v - m, x, average(x, axes));
  const spread = average(
    zip((v) => v * v, centred),
    axes,
  );
  return zip((v, s) => v / Math.sqrt(s + eps), centred, spread);
}
const affine = (x: Nd, weight: Nd, bias: Nd): Nd => zip((v, w, k) => v * w + k, x, weight, bias);
const perChannel = (x: Nd): Nd => nd([1, x.shape[0], ...[1, 1]], x.data);
/** Centred values are differences; their terms are of the size of the inputs, which lie between -2 and 2. */
const sized = (x: Nd): Nd => zip(() => 8, x);
const norms = [
  row(
    'layerNorm',
    'over the last axis',
    [float([3, 6]), float([6]), float([6])],
    (x, w, b) => t.layerNorm(x, w, b),
    (x, w, b) => affine(standard(x, [1]), w, b),
    { scale: sized },
  ),
  row(
    'layerNorm',
    'over two axes, without bias',
    [float([2, 3, 4]), float([3, 4])],
    (x, w) => t.layerNorm(x, w),
    (x, w) => affine(standard(x, [1, 2]), w, nd([], [0])),
    { scale: sized },
  ),
  row(
    'rmsNorm',
    'with a weight',
    [float([3, 6]), float([6])],
    (x, w) => t.rmsNorm(x, w),
    (x, w) =>
      zip(
        (v, s, k) => (v / Math.sqrt(s + 1e-6)) * k,
        x,
        average(
          zip((v) => v * v, x),
          [1],
        ),
        w,
      ),
  ),
  row(
    'groupNorm',
    'of two groups',
    [float([2, 4, 3]), float([4]), float([4])],
    (x, w, b) => t.groupNorm(x, 2, w, b),
    (x, w, b) => {
      const grouped = standard(nd([2, 2, 6], x.data), [2]);
      const rows = (k: Nd): Nd => nd([1, 4, 1], k.data);
      return affine(nd(x.shape, grouped.data), rows(w), rows(b));
    },
    { scale: sized },
  ),
  row(
    'batchNorm',
    'of a batch, with what it measured',
    [float([3, 2, 2, 2]), float([2]), float([2])],
    (x, w, b) => {
      const r = t.batchNorm(x, w, b);
      return [r.output, r.mean, r.variance];
    },
    (x, w, b) => {
      const mean = average(x, [0, 2, 3]);
      const spread = average(
        zip((v, m) => (v - m) ** 2, x, mean),
        [0, 2, 3],
      );
      return [
        affine(standard(x, [0, 2, 3]), perChannel(w), perChannel(b)),
        nd([2], mean.data),
        nd([2], spread.data),
      ];
    },
    { scale: (x) => [sized(x), nd([2], [2, 2]), nd([2], [4, 4])] },
  ),
  row(
    'batchNorm',
    'with running statistics',
    [float([3, 2]), float([2]), float([2], 0.5, 2)],
    (x, m, v) => t.batchNorm(x, null, null, { running: { mean: m, variance: v } }).output,
    (x, m, s) => zip((v, c, d) => (v - c) / Math.sqrt(d + 1e-5), x, m, s),
    { scale: sized },
  ),
];

const wholeImages = row(
  'conv2d',
  'of whole numbers',
  [int([1, 1, 3, 3], -3, 4), int([1, 1, 2, 2], -3, 4)],
  (x, w) => t.conv2d(x, w),
  (x, w) => correlate(x, w, {}),
  { scale: (x, w) => correlate(magnitudes(x), magnitudes(w), {}) },
);

/** Attention by its formula; `sees` masks scores. */
function attend(
  q: Nd,
  k: Nd,
  v: Nd,
  sees: (i: number, j: number) => number,
  scale = 1 / Math.sqrt(q.shape.at(-1)!),
): Nd {
  const [n, d] = k.shape.slice(-2);
  return build([...q.shape.slice(0, -1), v.shape.at(-1)!], (index) => {
    const [lead, i, e] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    const powers = Array.from({ length: n }, (_, j) => {
      let score = 0;
      for (let c = 0; c < d; c++) score += at(q, [...lead, i, c]) * at(k, [...lead, j, c]);
      return Math.exp(score * scale + sees(i, j));
    });
    const total = powers.reduce((a, b) => a + b, 0);
    return powers.reduce((sum, p, j) => sum + (p / total) * at(v, [...lead, j, e]), 0);
  });
}
const all = (): number => 0;
const heads = (t: number, s: number) => [float([2, t, 3]), float([2, s, 3]), float([2, s, 4])];
const attentionRows = [
  row(
    'scaledDotProductAttention',
    'of two heads',
    heads(3, 5),
    (q, k, v) => t.scaledDotProductAttention(q, k, v),
    (q, k, v) => attend(q, k, v, all),
    { scale: (q, k, v) => attend(q, k, magnitudes(v), all) },
  ),
  row(
    'scaledDotProductAttention',
    'that sees no later position',
    heads(4, 4),
    (q, k, v) => t.scaledDotProductAttention(q, k, v, { causal: true, scale: 0.7 }),
    (q, k, v) => attend(q, k, v, (i, j) => (j <= i ? 0 : -Infinity), 0.7),
    { scale: (q) => build([2, q.shape[1], 4], () => 2) },
  ),
  row(
    'scaledDotProductAttention',
    'with a mask that adds',
    [...heads(2, 3), float([2, 3])],
    (q, k, v, m) => t.scaledDotProductAttention(q, k, v, { mask: m }),
    (q, k, v, m) => attend(q, k, v, (i, j) => at(m, [i, j])),
    { scale: (q) => build([2, q.shape[1], 4], () => 2) },
  ),
  row(
    'scaledDotProductAttention',
    'with a mask that hides',
    [...heads(2, 3), exactly([1, 0, 1, 0, 1, 0], [2, 3], 'bool')],
    (q, k, v, m) => t.scaledDotProductAttention(q, k, v, { mask: m }),
    (q, k, v, m) => attend(q, k, v, (i, j) => (at(m, [i, j]) ? 0 : -Infinity)),
    { scale: (q) => build([2, q.shape[1], 4], () => 2) },
  ),
];

export const networkCases: readonly Row[] = [
  ...attentionRows,
  ...convolutionRows,
  ...sequenceRows,
  wholeImages,
  ...poolRows,
  ...unfoldRows,
  ...norms,
];
