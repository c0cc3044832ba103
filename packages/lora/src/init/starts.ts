import { foldIn, type Key, normal, qr, randomizedSvd, tensor, uniform } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { type Matrix, matrix, multiply, rowsOf, transpose } from '../internal/multiply.js';
import { factorsOf, firstOf, thinQr, thinSvd } from '../internal/singular.js';
import { loftq, type LoftqOptions } from './loftq.js';

/** Everything a start may use. */
export interface StartContext {
  /** Rows of `A` after the first axis: `in · k…`. */
  readonly fanIn: number;
  readonly out: number;
  readonly rank: number;
  readonly scaling: number;
  readonly key: Key;
  /** The base's weight as `[out, in]`; read only by starts that need it. */
  readonly weight: () => Matrix;
  readonly loftq: LoftqOptions;
  /** Standard deviation of Init[A] and Init[B], in units of theirs. */
  readonly sigma: number;
  readonly where: string;
}

/** How factors start. `reduced` is what the base becomes, where the start takes something out of it. */
export interface Started {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly reduced?: Matrix;
}

const read = (draw: { dataSync(): ArrayLike<number>; dispose(): void }): Float32Array => {
  const values = draw.dataSync() as Float32Array;
  draw.dispose();
  return values;
};
const gauss = (key: Key, rows: number, columns: number, std: number): Matrix =>
  matrix(read(normal(key, [rows, columns], 0, std)), rows, columns);
const flat = (key: Key, rows: number, columns: number, bound: number): Matrix =>
  matrix(read(uniform(key, [rows, columns], -bound, bound)), rows, columns);
const none = (rows: number, columns: number): Matrix =>
  matrix(new Float32Array(rows * columns), rows, columns);
const times = (m: Matrix, factor: number): Matrix => ({
  ...m,
  values: m.values.map((value) => value * factor),
});
const own = ({ key }: StartContext, factor: string): Key => foldIn(key, factor);

type Start = (context: StartContext) => Started;

/** `A` uniform in ±1/√in, `B` zero: the start of PyTorch's linear layer, as PEFT's `true`. */
const kaiming: Start = (c) => ({
  a: flat(own(c, 'A'), c.rank, c.fanIn, 1 / Math.sqrt(c.fanIn)),
  b: none(c.out, c.rank),
});

const starts: Record<string, Start> = {
  true: kaiming,
  /** Both at random: for tests of what is downstream. */
  false: (c) => ({ ...kaiming(c), b: flat(own(c, 'B'), c.out, c.rank, 1 / Math.sqrt(c.rank)) }),
  gaussian: (c) => ({ a: gauss(own(c, 'A'), c.rank, c.fanIn, 1 / c.rank), b: none(c.out, c.rank) }),
  init_a: (c) => ({
    a: gauss(own(c, 'A'), c.rank, c.fanIn, c.sigma / Math.sqrt(c.fanIn)),
    b: none(c.out, c.rank),
  }),
  init_b: (c) => ({
    a: none(c.rank, c.fanIn),
    b: gauss(own(c, 'B'), c.out, c.rank, c.sigma / Math.sqrt(c.rank)),
  }),
  olora: (c) => {
    const { q, r } = thinQr(c.weight());
    const b = cutColumns(q, c.rank);
    return withoutProduct(c, { b, a: rowsOf(r, 0, c.rank) });
  },
  pissa: (c) => fromSingular(c, firstOf(thinSvd(c.weight()), c.rank)),
  loftq: (c) => {
    const { quantized, b, a } = loftq(c.weight(), c.rank, c.loftq);
    return { b: times(b, 1 / c.scaling), a, reduced: quantized };
  },
  orthogonal: (c) => {
    if (c.rank % 2 !== 0) {
      throw new AdapterError({
        where: c.where,
        expected: 'an even rank for the orthogonal start',
        received: String(c.rank),
      });
    }
    const [r, half] = [c.rank, c.rank / 2];
    const square = normal(own(c, 'Q'), [r, r]);
    const q = matrix(read(qr(square).q), r, r);
    const [odd, even] = [0, 1].map((first) => {
      const rows = Array.from({ length: half }, (_, i) => rowsOf(q, 2 * i + first, 2 * i + first + 1).values);
      return matrix(Float32Array.from(rows.flatMap((row) => [...row])), half, r);
    }) as [Matrix, Matrix];
    const a = transpose(multiply(gauss(own(c, 'A'), c.fanIn, half, 0.1), odd));
    return { a, b: multiply(gauss(own(c, 'B'), c.out, half, 0.1), even) };
  },
};

/** Names of the starts, as PEFT has them in `init_lora_weights`, and Init[A] and Init[B]. */
export const startNames = [...Object.keys(starts), 'pissa_niter_<n>', 'eva'] as const;

/** Starts that take something out of the base. */
const needsWeight = /^(pissa|olora|loftq)/;

/** Finds a start by name; refuses those of the format that are not made here. */
export function findStart(
  name: string | boolean,
  where: string,
): { readonly run: Start; readonly needsWeight: boolean } {
  const text = String(name);
  const iterations = /^pissa_niter_(\d+)$/.exec(text)?.[1];
  if (iterations !== undefined) return { run: randomPissa(Number(iterations)), needsWeight: true };
  const run = Object.hasOwn(starts, text) ? starts[text] : undefined;
  if (run) return { run, needsWeight: needsWeight.test(text) };
  const cure = /^(lora_ga|corda|mica)/.test(text)
    ? 'make it with PEFT; stored factors are read without it'
    : undefined;
  throw new AdapterError({
    where,
    expected: `a start among ${startNames.join(', ')}`,
    received: JSON.stringify(name),
    cure,
  });
}

const randomPissa =
  (iterations: number): Start =>
  (c) => {
    const w = c.weight();
    using x = tensor(w.values, [w.rows, w.columns]);
    const { u, s, vt } = randomizedSvd(x, c.rank, { key: own(c, 'svd'), iterations });
    const values = read(s);
    return fromSingular(c, {
      u: matrix(read(u), w.rows, c.rank),
      s: values,
      vt: matrix(read(vt), c.rank, w.columns),
    });
  };

/** PiSSA: `A = √(Σ / s) Vᵀ`, `B = U √(Σ / s)`. */
function fromSingular(c: StartContext, { u, s, vt }: { u: Matrix; s: Float32Array; vt: Matrix }): Started {
  if (!(c.scaling > 0)) {
    throw new AdapterError({
      where: c.where,
      expected: 'a scaling above 0 for PiSSA',
      received: String(c.scaling),
    });
  }
  return withoutProduct(c, factorsOf({ u, s: s.map((value) => value / c.scaling), vt }, 'both'));
}

function withoutProduct(c: StartContext, { b, a }: { b: Matrix; a: Matrix }): Started {
  const w = c.weight();
  const product = multiply(b, times(a, c.scaling));
  return { a, b, reduced: { ...w, values: w.values.map((value, i) => value - product.values[i]!) } };
}

function cutColumns(m: Matrix, count: number): Matrix {
  const values = new Float32Array(m.rows * count);
  for (let i = 0; i < m.rows; i++)
    values.set(m.values.subarray(i * m.columns, i * m.columns + count), i * count);
  return matrix(values, m.rows, count);
}
