import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  add,
  conv2d,
  copy,
  embedding,
  expandDims,
  gelu,
  jit,
  layerNorm,
  logSoftmax,
  matmul,
  maxPool2d,
  mean,
  mul,
  neg,
  relu,
  reshape,
  scaledDotProductAttention,
  sub,
  takeAlongAxis,
  tanh,
  type Tensor,
  tensor,
  transpose,
  valueAndGrad,
} from '../../src/index.js';

type Params = Record<string, Tensor>;
type Shapes = Record<string, number[]>;
const golden = JSON.parse(
  readFileSync(new URL('../golden/training-losses.json', import.meta.url), 'utf8'),
) as Record<string, number[]>;

/** The same pseudo-random numbers as the script. */
function filled(n: number, scale: number, seed: number): Float32Array {
  let s = seed;
  return Float32Array.from({ length: n }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s / 2 ** 32 - 0.5) * 2 * scale;
  });
}
const product = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
const start = (shapes: Shapes): Params =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const scale = shape.length > 1 ? (0.3 / Math.sqrt(product(shape.slice(1)))) * 3 : 0.1;
      const values = name.includes('ln')
        ? new Float32Array(product(shape)).fill(1)
        : filled(product(shape), scale, i + 1);
      return [name, tensor(values, shape)];
    }),
  );
const labels = (n: number, k: number, m: number, plus = 0): Tensor =>
  tensor(Int32Array.from({ length: n }, (_, i) => (i * k + plus) % m));

const linear = (x: Tensor, w: Tensor): Tensor => matmul(x, transpose(w));
const crossEntropy = (logits: Tensor, y: Tensor): Tensor =>
  neg(mean(takeAlongAxis(logSoftmax(logits), expandDims(y, -1), -1)));

const [D, H, T, B, V] = [32, 2, 12, 3, 40];
const block = (l: string): Shapes => ({
  ...{ [`${l}ln1`]: [D], [`${l}q`]: [D, D], [`${l}k`]: [D, D], [`${l}v`]: [D, D], [`${l}o`]: [D, D] },
  ...{ [`${l}ln2`]: [D], [`${l}f1`]: [4 * D, D], [`${l}f2`]: [D, 4 * D] },
});

const models: Record<string, { shapes: Shapes; rate: number; loss: (p: Params) => Tensor }> = {
  mlp: {
    shapes: { w0: [24, 16], b0: [24], w1: [10, 24], b1: [10] },
    rate: 0.5,
    loss: (p) => {
      const x = tensor(filled(32 * 16, 1, 99), [32, 16]);
      return crossEntropy(add(linear(tanh(add(linear(x, p.w0), p.b0)), p.w1), p.b1), labels(32, 7, 10));
    },
  },
  cnn: {
    shapes: { c1: [6, 1, 3, 3], d1: [6], c2: [8, 6, 3, 3], d2: [8], w: [10, 128], b: [10] },
    rate: 0.2,
    loss: (p) => {
      const x = tensor(filled(16 * 64, 1, 98), [16, 1, 8, 8]);
      const h = maxPool2d(relu(conv2d(x, p.c1, p.d1, { padding: 1 })), 2);
      const g = relu(conv2d(h, p.c2, p.d2, { padding: 1 }));
      return crossEntropy(add(linear(reshape(g, [16, 128]), p.w), p.b), labels(16, 7, 10));
    },
  },
  transformer: {
    shapes: { emb: [V, D], pos: [T, D], ...block('a'), ...block('b'), head: [V, D] },
    rate: 0.1,
    loss: (p) => {
      let h = add(embedding(p.emb, reshape(labels(B * T, 31, V, 3), [B, T])), p.pos);
      for (const l of ['a', 'b']) {
        const a = layerNorm(h, p[`${l}ln1`]);
        const heads = (w: Tensor): Tensor => transpose(reshape(linear(a, w), [B, T, H, D / H]), [0, 2, 1, 3]);
        const o = scaledDotProductAttention(heads(p[`${l}q`]), heads(p[`${l}k`]), heads(p[`${l}v`]), {
          causal: true,
        });
        h = add(h, linear(reshape(transpose(o, [0, 2, 1, 3]), [B, T, D]), p[`${l}o`]));
        h = add(h, linear(gelu(linear(layerNorm(h, p[`${l}ln2`]), p[`${l}f1`])), p[`${l}f2`]));
      }
      return crossEntropy(linear(h, p.head), reshape(labels(B * T, 17, V, 3), [B, T]));
    },
  },
};

it.each(Object.keys(models))('20 steps of the %s give the losses torch gives, to 1e-4', (name) => {
  const { shapes, rate, loss } = models[name];
  const step = jit(
    (p: Params): [Params, Tensor] => {
      const [value, g] = valueAndGrad(loss)(p);
      return [Object.fromEntries(Object.keys(p).map((k) => [k, sub(p[k], mul(g[k], rate))])), value];
    },
    { donate: [0] },
  );
  let params = copy(start(shapes));
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const [next, value] = step(params);
    params = next;
    losses.push(value.item());
  }
  expect(losses.at(-1)).toBeLessThan(losses[0] - 0.05);
  losses.forEach((v, i) => expect(Math.abs(v - golden[name][i])).toBeLessThan(1e-4));
});
