import * as t from '../../../src/index.js';
import type { Key } from '../../../src/index.js';
import { float, type Input } from '../inputs.js';
import { alongAxis, nd, zip } from '../reference/nd.js';
import { normals, stream, threefry } from '../reference/threefry.js';
import type { Nd } from '../reference/nd.js';
import { type Row, row } from '../row.js';

/** Two words of a key, as an int32 tensor of shape [2]. */
const key: Input = {
  shape: [2],
  dtype: 'int32',
  values: (random) => [0, 0].map(() => Math.floor(random() * 2 ** 32) | 0),
};
const wordsOf = ({ data }: Nd): [number, number] => [data[0] >>> 0, data[1] >>> 0];
const signed = (words: readonly number[]): number[] => words.map((w) => w | 0);
const units = (k: Nd, n: number): number[] => stream(wordsOf(k), n).map((w) => (w >>> 8) / 2 ** 24);

const whole = { rough: true } as const;
const draws: readonly Row[] = [
  row(
    'randomBits',
    'are the words of Threefry',
    [key],
    (k) => t.randomBits(k, [3, 3]),
    (k) => nd([3, 3], signed(stream(wordsOf(k), 9))),
  ),
  row(
    'uniform',
    'has 24 bits',
    [key],
    (k) => t.uniform(k, [2, 5]),
    (k) => nd([2, 5], units(k, 10)),
    whole,
  ),
  row(
    'uniform',
    'between two bounds',
    [key],
    (k) => t.uniform(k, [100], -3, 5),
    (k) =>
      nd(
        [100],
        units(k, 100).map((u) => 8 * u - 3),
      ),
    {
      ...whole,
      scale: (k) =>
        nd(
          [100],
          units(k, 100).map((u) => 8 * u + 3),
        ),
    },
  ),
  row(
    'normal',
    'by Box and Muller',
    [key],
    (k) => t.normal(k, [7]),
    (k) => nd([7], normals(wordsOf(k), 7)),
    { ...whole, scale: () => nd([7], new Array<number>(7).fill(1)) },
  ),
  row(
    'normal',
    'with mean and deviation',
    [key],
    (k) => t.normal(k, [90], 2, 0.5),
    (k) =>
      nd(
        [90],
        normals(wordsOf(k), 90).map((z) => 2 + 0.5 * z),
      ),
    { ...whole, scale: () => nd([90], new Array<number>(90).fill(4)) },
  ),
  row(
    'bernoulli',
    'with a number',
    [key],
    (k) => t.bernoulli(k, 0.3, [50]),
    (k) =>
      nd(
        [50],
        units(k, 50).map((u) => Number(u < Math.fround(0.3))),
      ),
  ),
  row(
    'bernoulli',
    'with a tensor of probabilities',
    [key, float([8], 0, 1)],
    (k, p) => t.bernoulli(k, p),
    (k, p) =>
      nd(
        [8],
        units(k, 8).map((u, i) => Number(u < p.data[i])),
      ),
  ),
  row(
    'rademacher',
    'is one sign or the other',
    [key],
    (k) => t.rademacher(k, [20]),
    (k) =>
      nd(
        [20],
        units(k, 20).map((u) => (u < 0.5 ? 1 : -1)),
      ),
    whole,
  ),
  row(
    'randomInt',
    'within bounds',
    [key],
    (k) => t.randomInt(k, [40], -3, 9),
    (k) =>
      nd(
        [40],
        units(k, 40).map((u) => Math.floor(Math.fround(u * 12)) - 3),
      ),
  ),
  row(
    'permutation',
    'sorts random words',
    [key],
    (k) => t.permutation(k, 12),
    (k) => {
      const words = signed(stream(wordsOf(k), 12));
      return nd(
        [12],
        words.map((_, i) => i).sort((i, j) => words[i] - words[j] || i - j),
      );
    },
  ),
  row(
    'categorical',
    'is the largest of noisy logits',
    [key, float([6, 4])],
    (k, logits) => t.categorical(k, logits),
    (k, logits) => {
      const noise = nd(
        [6, 4],
        units(k, 24).map((u) => -Math.log(-Math.log(u + 2 ** -25))),
      );
      const best = alongAxis(
        (v) => [v.indexOf(Math.max(...v))],
        zip((x, g) => x + g, logits, noise),
        1,
      );
      return nd([6], best.data);
    },
  ),
];

const keys: readonly Row[] = [
  row(
    'split',
    'into three',
    [key],
    (k) => t.split(k, 3),
    (k) => [0, 1, 2].map((i) => nd([2], signed(threefry(wordsOf(k), [i, 0])))),
  ),
  row(
    'foldIn',
    'a number',
    [key],
    (k) => t.foldIn(k, 7),
    (k) => nd([2], signed(threefry(wordsOf(k), [7, 0x5bd1e995]))),
  ),
];

/** A key becomes the draws of its children: what a vmapped or compiled training step does. */
const chained: readonly Row[] = [
  row(
    'uniform',
    'of a folded key of a split key',
    [key],
    (k) => t.uniform(t.foldIn(t.split(k)[1], 3) as Key, [5]),
    (k) => {
      const second = threefry(wordsOf(k), [1, 0]);
      return nd([5], units(nd([2], threefry(second, [3, 0x5bd1e995])), 5));
    },
    whole,
  ),
];

export const randomCases: readonly Row[] = [...draws, ...keys, ...chained];
