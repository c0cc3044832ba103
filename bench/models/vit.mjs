// ViT-tiny: 32×32 pictures in patches of 4, width 128, 4 blocks, 4 heads, batch 32. Ours is nn's model; jax-js gets its weights.
import * as nn from '../../packages/nn/dist/index.js';
import { jax, np } from './jax-js.mjs';
import { t } from './ours.mjs';
import { filled, labels, RATE } from './shapes.mjs';

export const shape = {
  batch: 32,
  input: [3, 32, 32],
  patch: 4,
  classes: 10,
  width: 128,
  layers: 4,
  heads: 4,
};
const { batch, input, patch, classes, width: D, layers, heads: H } = shape;
const [C, side] = input;
const grid = side / patch;
const T = grid * grid + 1;
const model = nn.vit({ input, patch, classes, width: D, layers, heads: H });
const start = model.init(t.key(0));
const x = filled(batch * C * side * side, 1, 99);
const y = labels(batch, classes);

/** One step of nn's model with plain gradient descent; returns the loss. */
export function ourStep() {
  const { init, step } = nn.createTrainStep({
    objective: (params, [images, targets], ctx) =>
      nn.softmaxCrossEntropy(model.apply(params, images, ctx), targets),
    optimizer: nn.sgd({ learningRate: RATE }),
  });
  let state = init(t.copy(start));
  const data = [t.tensor(x, [batch, ...input]), t.tensor(y)];
  return () => {
    const result = step(state, data);
    state = result.state;
    return result.loss.item();
  };
}

const linear = (p, name, h) => np.matmul(h, np.transpose(p[`${name}.weight`])).add(p[`${name}.bias`]);
const norm = (p, name, h) => {
  const centred = h.ref.sub(np.mean(h, -1, { keepdims: true }));
  const spread = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred
    .div(np.sqrt(spread.add(1e-5)))
    .mul(p[`${name}.weight`])
    .add(p[`${name}.bias`]);
};

function theirLoss(p, patches, hot) {
  // Patches are cut beforehand, so that the embedding is a product: its convolutions are slow.
  const kernel = np.transpose(p['patch_embedding.weight'].reshape([D, C * patch * patch]));
  const tokens = np.matmul(patches, kernel).add(p['patch_embedding.bias']);
  const first = p['class_token'].add(np.zeros([batch, 1, D]));
  let h = np.concatenate([first, tokens], 1).add(p['position_embedding.weight']);
  const split = (q) => np.transpose(q.reshape([batch, T, H, D / H]), [0, 2, 1, 3]);
  for (let i = 0; i < layers; i++) {
    const at = (part) => `layers.${i}.${part}`;
    const n = norm(p, at('attention_norm'), h.ref);
    const q = split(linear(p, at('attention.q_proj'), n.ref));
    const k = split(linear(p, at('attention.k_proj'), n.ref));
    const v = split(linear(p, at('attention.v_proj'), n));
    const scores = np.matmul(q, np.transpose(k, [0, 1, 3, 2])).mul(1 / Math.sqrt(D / H));
    const mixed = np.transpose(np.matmul(jax.nn.softmax(scores, -1), v), [0, 2, 1, 3]).reshape([batch, T, D]);
    h = h.add(linear(p, at('attention.out_proj'), mixed));
    const up = linear(p, at('mlp.up_proj'), norm(p, at('mlp_norm'), h.ref));
    h = h.add(linear(p, at('mlp.down_proj'), jax.nn.gelu(up, { approximate: false })));
  }
  const classToken = h.slice([], 0);
  const logits = linear(p, 'head', norm(p, 'norm', classToken));
  return np.mean(np.sum(jax.nn.logSoftmax(logits).mul(hot), -1)).neg();
}

/** The same step in jax-js. */
export function theirStep() {
  const step = jax.jit((p, a, b) => {
    const kept = Object.fromEntries(Object.entries(p).map(([name, w]) => [name, w.ref]));
    const [value, g] = jax.valueAndGrad(theirLoss)(p, a, b);
    return [
      Object.fromEntries(Object.keys(kept).map((name) => [name, kept[name].sub(g[name].mul(RATE))])),
      value,
    ];
  });
  let params = Object.fromEntries(
    Object.entries(start).map(([name, w]) => [name, np.array(w.dataSync()).reshape([...w.shape])]),
  );
  const a = np
    .transpose(np.array(x).reshape([batch, C, grid, patch, grid, patch]), [0, 2, 4, 1, 3, 5])
    .reshape([batch, grid * grid, C * patch * patch]);
  const hot = new Float32Array(batch * classes);
  y.forEach((label, i) => (hot[i * classes + label] = 1));
  const b = np.array(hot).reshape([batch, classes]);
  return async () => {
    const [next, value] = step(params, a.ref, b.ref);
    params = next;
    return (await value.data())[0];
  };
}
