/** Runs in a page: attention and softmax, compiled, on a backend and on the wasm core, against float64. */
import * as t from '../../src/index.js';
import { useBackend } from './use-backend.js';

type Compute = (...inputs: t.Tensor[]) => t.Tensor;
interface Case {
  readonly inputs: readonly t.Tensor[];
  readonly compute: Compute;
  readonly reference: (...inputs: readonly Float64Array[]) => number[];
}
/** What a page answers: largest errors relative to the largest wanted number, and the plan. */
export interface Found {
  readonly toFloat64: number;
  readonly toWasm: number;
  readonly steps: readonly string[];
  /** Results that are NaN. */
  readonly nans: number;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function softmax64(row: readonly number[]): number[] {
  const top = row.some(Number.isNaN) ? NaN : Math.max(...row);
  const powers = row.map((v) => Math.exp(v - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

interface Heads {
  /** Leading axes, queries, keys, and the widths of keys and values. */
  readonly sizes: readonly [lead: number[], t: number, s: number, d: number, e: number];
  readonly options?: t.AttentionOptions;
  /** What the mask does to the score of query `i` and key `j` in stack `b`. */
  readonly mask?: (score: number, b: number, i: number, j: number, mask: Float64Array) => number;
  readonly maskTensor?: t.Tensor;
  readonly factor?: number;
  /** Heads behind positions, as layers hold them: `[…, T, H, d]`. */
  readonly turned?: boolean;
  readonly after?: (x: t.Tensor) => t.Tensor;
}

function attention(h: Heads): Case {
  const [lead, n, s, d, e] = h.sizes;
  const { factor = 1, turned = false } = h;
  const axes = lead.length === 2 ? [0, 2, 1, 3] : [1, 0, 2];
  const make = (seed: number, rows: number, width: number): t.Tensor => {
    const shape = [...lead, rows, width];
    const x = t.normal(t.key(seed), turned ? axes.map((a) => shape[a]) : shape);
    return t.mul(x, seed === 1 ? factor : 1);
  };
  const scale = h.options?.scale ?? 1 / Math.sqrt(d);
  const see = h.mask ?? ((score: number) => score);
  const heads = (x: t.Tensor): t.Tensor => (turned ? t.transpose(x, axes) : x);
  const stacks = lead.reduce((a, b) => a * b, 1);
  return {
    inputs: [make(1, n, d), make(2, s, d), make(3, s, e), ...(h.maskTensor ? [h.maskTensor] : [])],
    compute: (q, k, v, mask) => {
      const options = { ...h.options, ...(mask ? { mask } : {}) };
      return t.scaledDotProductAttention(heads(q), heads(k), heads(v), options);
    },
    reference: (q, k, v, mask) => {
      const at = (x: Float64Array, b: number, i: number, c: number, rows: number, width: number): number => {
        if (!turned) return x[(b * rows + i) * width + c];
        const count = lead.at(-1)!;
        return x[((Math.floor(b / count) * rows + i) * count + (b % count)) * width + c];
      };
      return range(stacks).flatMap((b) =>
        range(n).flatMap((i) => {
          const weights = softmax64(
            range(s).map((j) => {
              const dot = range(d).reduce((sum, c) => sum + at(q, b, i, c, n, d) * at(k, b, j, c, s, d), 0);
              return see(dot * scale, b, i, j, mask);
            }),
          );
          return range(e).map((c) => weights.reduce((sum, w, j) => sum + w * at(v, b, j, c, s, e), 0));
        }),
      );
    },
  };
}

function rows(shape: number[], axis: number, x: t.Tensor, isLog = false, view = (y: t.Tensor) => y): Case {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const n = shape[axis];
  return {
    inputs: [x],
    compute: (y) => (isLog ? t.logSoftmax : t.softmax)(view(y), axis),
    reference: (values) => {
      const out = new Array<number>(values.length);
      for (let first = 0; first < values.length; first++) {
        if (Math.floor(first / inner) % n !== 0) continue;
        const cells = range(n).map((k) => first + k * inner);
        softmax64(cells.map((c) => values[c])).forEach((p, k) => (out[cells[k]] = isLog ? Math.log(p) : p));
      }
      return out;
    },
  };
}

const causal =
  (ahead = 0) =>
  (score: number, _: number, i: number, j: number): number =>
    j <= i + ahead ? score : -Infinity;
const normal = (shape: number[], factor = 1): t.Tensor => t.mul(t.normal(t.key(5), shape), factor);

const cases: Record<string, () => Case> = {
  'attention of a few': () =>
    attention({ sizes: [[2, 3], 5, 5, 4, 4], options: { causal: true }, mask: causal() }),
  'attention of ragged tiles': () => attention({ sizes: [[3], 33, 65, 64, 64] }),
  'attention of other widths': () =>
    attention({ sizes: [[2], 70, 70, 17, 33], options: { causal: true, scale: 0.3 }, mask: causal() }),
  'attention of one query': () => attention({ sizes: [[4], 1, 100, 16, 2] }),
  'attention without a scale': () => attention({ sizes: [[2], 20, 40, 8, 130], options: { scale: 1 } }),
  'attention of large logits': () =>
    attention({ sizes: [[2], 40, 72, 16, 16], factor: 100, options: { causal: true }, mask: causal(32) }),
  'attention of turned heads': () =>
    attention({ sizes: [[2, 3], 18, 18, 8, 8], turned: true, options: { causal: true }, mask: causal() }),
  // The third query sees nothing, the first keys are seen by nobody.
  'attention with a mask': () =>
    attention({
      sizes: [[2, 2], 20, 40, 8, 8],
      maskTensor: t.tensor(
        range(800).map((c) => (Math.floor(c / 40) !== 2 && c % 40 >= 35 ? 1 : 0)),
        [20, 40],
        'bool',
      ),
      mask: (score, _, i, j, mask) => (mask[i * 40 + j] ? score : -Infinity),
    }),
  'attention with a mask that adds': () =>
    attention({
      sizes: [[2, 3], 17, 33, 4, 4],
      maskTensor: normal([3, 1, 33], 3),
      mask: (score, b, _, j, mask) => score + mask[(b % 3) * 33 + j],
    }),
  'attention of width 1': () => attention({ sizes: [[2], 20, 20, 1, 1] }),
  softmax: () => rows([300, 7], 1, normal([300, 7], 3)),
  'softmax of long rows': () => rows([3, 5000], 1, normal([3, 5000], 3)),
  'softmax of an axis inside': () => rows([4, 50, 9], 1, normal([4, 50, 9], 30)),
  'softmax of a view': () => ({
    ...rows([9, 40], 1, normal([40, 9]), false, (y) => t.transpose(y)),
    reference: (values) => {
      const turned = Float64Array.from(range(360), (_, c) => values[(c % 40) * 9 + Math.floor(c / 40)]);
      return rows([9, 40], 1, normal([1])).reference(turned);
    },
  }),
  'softmax of what is no number': () => {
    const special = [
      [NaN, 1, 2],
      [-Infinity, 1, 2],
      [-Infinity, -Infinity, -Infinity],
      [Infinity, 1, 2],
      [1e38, -3e38, 0],
    ].flat();
    return rows([5, 3], 1, t.tensor(special, [5, 3]));
  },
  logSoftmax: () => rows([70, 33], 1, normal([70, 33], 20), true),
};

async function numbers(x: t.Tensor): Promise<Float64Array> {
  return Float64Array.from(await x.data());
}

function distance(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let [worst, scale] = [0, 1e-30];
  for (let i = 0; i < want.length; i++) {
    if (Number.isNaN(want[i]) !== Number.isNaN(got[i])) return Infinity;
    if (Number.isNaN(want[i]) || want[i] === got[i]) continue;
    worst = Math.max(worst, Math.abs(got[i] - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return worst / scale;
}

async function compare(title: string, name: t.BackendName): Promise<Found> {
  const compute = async (backend: t.BackendName) => {
    t.resetBackend();
    await useBackend(backend);
    const { inputs, compute: f, reference } = cases[title]();
    const compiled = t.jit(f);
    const result = await numbers(compiled(...inputs));
    const want = reference(...(await Promise.all(inputs.map(numbers))));
    return { result, want, steps: compiled.explain(...inputs).steps };
  };
  const wasm = await compute('wasm');
  const own = await compute(name);
  return {
    toFloat64: distance(own.result, own.want),
    toWasm: distance(own.result, wasm.result),
    steps: own.steps,
    nans: own.result.filter(Number.isNaN).length,
  };
}

/** Steps of compiled functions on a backend. */
async function plans(name: t.BackendName): Promise<Record<string, readonly string[]>> {
  t.resetBackend();
  await useBackend(name);
  const x = t.ones([2, 20, 8]);
  const attend = (q: t.Tensor): t.Tensor => t.scaledDotProductAttention(q, q, q, { causal: true });
  const weights = (q: t.Tensor): t.Tensor => t.softmax(t.matmul(q, t.swapAxes(q, -1, -2)));
  return {
    'one by one': t.jit(t.vmap(attend)).explain(t.ones([3, 2, 20, 8])).steps,
    'inside grad': t.jit(t.grad((q: t.Tensor) => t.sum(t.square(attend(q))))).explain(x).steps,
    'kept weights': t
      .jit((q: t.Tensor) => {
        const w = weights(q);
        return [w, t.matmul(w, q)];
      })
      .explain(x).steps,
    'the powers too': t
      .jit((q: t.Tensor) => {
        const powers = t.exp(t.sub(q, t.max(q, { axis: 2, keepDims: true })));
        return [powers, t.div(powers, t.sum(powers, { axis: 2, keepDims: true }))];
      })
      .explain(x).steps,
    'the powers for another sum': t
      .jit((q: t.Tensor) => {
        const powers = t.exp(t.sub(q, t.max(q, { axis: 2, keepDims: true })));
        return [t.div(powers, t.sum(powers, { axis: 2, keepDims: true })), t.sum(powers, { axis: 1 })];
      })
      .explain(x).steps,
    'another axis': t
      .jit((q: t.Tensor) => {
        const powers = t.exp(t.sub(q, t.max(q, { axis: 2, keepDims: true })));
        return t.div(powers, t.sum(powers, { axis: 1, keepDims: true }));
      })
      .explain(x).steps,
  };
}

/** Softmax of more elements than float32 can number, whose rows repeat: how many differ from the first of their kind. */
async function beyond24Bits(name: t.BackendName): Promise<{ wrong: number; steps: readonly string[] }> {
  t.resetBackend();
  await useBackend(name);
  const count = 2 ** 18 + 7;
  const values = Float32Array.from({ length: count * 64 }, (_, i) => Math.sin(i % 192));
  const compiled = t.jit((x: t.Tensor) => t.softmax(x));
  const x = t.tensor(values, [count, 64]);
  const found = await compiled(x).data();
  const few = range(3).map((r) => softmax64([...values.subarray(64 * r, 64 * r + 64)]));
  let wrong = 0;
  found.forEach((v, i) => (wrong += Math.abs(v - few[Math.floor(i / 64) % 3][i % 64]) < 1e-6 ? 0 : 1));
  return { wrong, steps: compiled.explain(x).steps };
}

/** Bytes a backend has taken after attention over 1024 positions, whose scores alone would be 4 MiB. */
async function reserved(name: t.BackendName): Promise<number> {
  t.resetBackend();
  await useBackend(name);
  const x = t.normal(t.key(0), [1024, 16]);
  const attended = t.jit((q: t.Tensor) => t.scaledDotProductAttention(q, q, q))(x);
  await attended.data();
  return t.memory().reserved;
}

const tests = { titles: () => Object.keys(cases), compare, plans, beyond24Bits, reserved };
export type Tests = typeof tests;
Object.assign(globalThis, { attentionTests: tests });
