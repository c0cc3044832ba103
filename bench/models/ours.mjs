import * as t from '../../packages/tensor-gpu/dist/index.js';
import { filled, labels, problems, RATE, startOf } from './shapes.mjs';

const crossEntropy = (logits, y) =>
  t.neg(t.mean(t.takeAlongAxis(t.logSoftmax(logits), t.expandDims(y, -1), -1)));
const linear = (x, w) => t.matmul(x, t.transpose(w));
const attention = (p, l, x, B, T, D, H) => {
  const heads = (w) => t.transpose(t.reshape(linear(x, w), [B, T, H, D / H]), [0, 2, 1, 3]);
  const o = t.scaledDotProductAttention(heads(p[`${l}q`]), heads(p[`${l}k`]), heads(p[`${l}v`]), {
    causal: true,
  });
  return linear(t.reshape(t.transpose(o, [0, 2, 1, 3]), [B, T, D]), p[`${l}o`]);
};
export const losses = {
  'mlp-small': (p, x, y) => mlp(p, x, y, 2),
  'mlp-large': (p, x, y) => mlp(p, x, y, 3),
  cnn: (p, x, y) => {
    const h = t.relu(t.conv2d(x, p.c1, null, { padding: 1 }));
    const g = t.relu(t.conv2d(h, p.c2, null, { padding: 1 }));
    return crossEntropy(t.add(linear(t.reshape(g, [x.shape[0], 1024]), p.w), p.b), y);
  },
  transformer: (p, x, y) => {
    const [B, T] = x.shape;
    const { width: D, heads: H } = problems.transformer;
    let h = t.add(t.embedding(p.emb, x), p.pos);
    for (const l of ['a', 'b']) {
      h = t.add(h, attention(p, l, t.layerNorm(h, p[`${l}ln1`]), B, T, D, H));
      const inner = t.gelu(linear(t.layerNorm(h, p[`${l}ln2`]), p[`${l}f1`]), { approximate: 'tanh' });
      h = t.add(h, linear(inner, p[`${l}f2`]));
    }
    return crossEntropy(linear(h, p.head), y);
  },
};
losses['gpt-tiny'] = losses.transformer;
function mlp(p, x, y, layers) {
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = t.add(linear(h, p[`w${i}`]), p[`b${i}`]);
    if (i < layers - 1) h = t.relu(h);
  }
  return crossEntropy(h, y);
}

/** Data of a problem as tensors. */
export function dataOf(name) {
  const problem = problems[name];
  if (problem.vocabulary) {
    const n = problem.batch * problem.time;
    const tokens = (k) =>
      t.tensor(
        Int32Array.from({ length: n }, (_, i) => (i * k + 3) % problem.vocabulary),
        [problem.batch, problem.time],
      );
    return [tokens(31), tokens(17)];
  }
  const size = problem.input.reduce((a, b) => a * b, 1);
  return [t.tensor(filled(size, 1, 99), problem.input), t.tensor(labels(problem.batch, problem.classes))];
}

/** A function that does one training step and returns the loss. */
export function stepOf(name) {
  const loss = losses[name];
  const step = t.jit(
    (p, x, y) => {
      const [value, g] = t.valueAndGrad(loss)(p, x, y);
      return [Object.fromEntries(Object.keys(p).map((k) => [k, t.sub(p[k], t.mul(g[k], RATE))])), value];
    },
    { donate: [0], name },
  );
  let params = Object.fromEntries(
    Object.entries(startOf(problems[name])).map(([k, { data, shape }]) => [k, t.tensor(data, shape)]),
  );
  const [x, y] = dataOf(name);
  return () => {
    const [next, value] = step(params, x, y);
    params = next;
    return value.item();
  };
}
export { t };
