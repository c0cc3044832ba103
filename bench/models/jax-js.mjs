// jax-js owns its arrays: every use but the last takes `.ref`.
import * as jax from '@jax-js/jax';
import { filled, labels, problems, RATE, startOf } from './shapes.mjs';

const { numpy: np, nn, lax } = jax;
export { jax, np };
export const ready = jax.init('wasm').then(() => jax.defaultDevice('wasm'));

const crossEntropy = (logits, hot) => np.mean(np.sum(nn.logSoftmax(logits).mul(hot), -1)).neg();
const linear = (x, w) => np.matmul(x, np.transpose(w));
const layerNorm = (x, w) => {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const spread = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred.div(np.sqrt(spread.add(1e-5))).mul(w);
};
export const losses = {
  'mlp-small': (p, x, y) => mlp(p, x, y, 2),
  'mlp-large': (p, x, y) => mlp(p, x, y, 3),
  cnn: (p, x, y) => {
    const h = nn.relu(lax.convGeneralDilated(x, p.c1, [1, 1], 'SAME'));
    const g = nn.relu(lax.convGeneralDilated(h, p.c2, [1, 1], 'SAME'));
    return crossEntropy(linear(g.reshape([64, 1024]), p.w).add(p.b), y);
  },
  transformer: (p, hotX, y) => {
    const { width: D, heads: H } = problems.transformer;
    const [B, T] = hotX.shape;
    const causal = np
      .array(Float32Array.from({ length: T * T }, (_, i) => (i % T <= Math.floor(i / T) ? 0 : -1e9)))
      .reshape([T, T]);
    let h = np.matmul(hotX, p.emb).add(p.pos);
    for (const l of ['a', 'b']) {
      const n = layerNorm(h.ref, p[`${l}ln1`]);
      const heads = (x, w) => np.transpose(linear(x, w).reshape([B, T, H, D / H]), [0, 2, 1, 3]);
      const [q, k, v] = [heads(n.ref, p[`${l}q`]), heads(n.ref, p[`${l}k`]), heads(n, p[`${l}v`])];
      const scores = np
        .matmul(q, np.transpose(k, [0, 1, 3, 2]))
        .mul(1 / Math.sqrt(D / H))
        .add(causal.ref);
      const o = np.matmul(nn.softmax(scores, -1), v);
      h = h.add(linear(np.transpose(o, [0, 2, 1, 3]).reshape([B, T, D]), p[`${l}o`]));
      const inner = nn.gelu(linear(layerNorm(h.ref, p[`${l}ln2`]), p[`${l}f1`]));
      h = h.add(linear(inner, p[`${l}f2`]));
    }
    causal.dispose?.();
    return crossEntropy(linear(h, p.head), y);
  },
};
losses['gpt-tiny'] = losses.transformer;
function mlp(p, x, y, layers) {
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = linear(h, p[`w${i}`]).add(p[`b${i}`]);
    if (i < layers - 1) h = nn.relu(h);
  }
  return crossEntropy(h, y);
}
const oneHot = (list, classes) => {
  const out = new Float32Array(list.length * classes);
  list.forEach((c, i) => (out[i * classes + c] = 1));
  return out;
};
function dataOf(name) {
  const problem = problems[name];
  if (problem.vocabulary) {
    const { batch, time, vocabulary } = problem;
    const tokens = (k) => Array.from({ length: batch * time }, (_, i) => (i * k + 3) % vocabulary);
    const hot = (k) => np.array(oneHot(tokens(k), vocabulary)).reshape([batch, time, vocabulary]);
    return [hot(31), hot(17)];
  }
  const size = problem.input.reduce((a, b) => a * b, 1);
  return [
    np.array(filled(size, 1, 99)).reshape(problem.input),
    np
      .array(oneHot([...labels(problem.batch, problem.classes)], problem.classes))
      .reshape([problem.batch, problem.classes]),
  ];
}
export function stepOf(name) {
  const step = jax.jit((p, x, y) => {
    const kept = Object.fromEntries(Object.entries(p).map(([k, v]) => [k, v.ref]));
    const [value, g] = jax.valueAndGrad(losses[name])(p, x, y);
    return [Object.fromEntries(Object.keys(kept).map((k) => [k, kept[k].sub(g[k].mul(RATE))])), value];
  });
  let params = Object.fromEntries(
    Object.entries(startOf(problems[name])).map(([k, { data, shape }]) => [k, np.array(data).reshape(shape)]),
  );
  const [x, y] = dataOf(name);
  return async () => {
    const [next, value] = step(params, x.ref, y.ref);
    params = next;
    return (await value.data())[0];
  };
}
