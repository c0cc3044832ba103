// The problems in tfjs, on WebGPU.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { filled, labels, problems, RATE, startOf } from '../models/shapes.mjs';

export { tf };

const crossEntropy = (logits, hot) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), hot), -1)));
const linear = (x, w) => {
  const rows = x.shape.slice(0, -1);
  const flat = tf.reshape(x, [-1, x.shape.at(-1)]);
  return tf.reshape(tf.matMul(flat, w, false, true), [...rows, w.shape[0]]);
};
const layerNorm = (x, w) => {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), w);
};
const gelu = (x) =>
  tf.mul(
    tf.mul(x, 0.5),
    tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x))))))),
  );

function mlp(p, x, y, layers) {
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = tf.add(linear(h, p[`w${i}`]), p[`b${i}`]);
    if (i < layers - 1) h = tf.relu(h);
  }
  return crossEntropy(h, y);
}
function languageModel(p, hotX, y) {
  const { width: D, heads: H } = problems.transformer;
  const [B, T] = hotX.shape;
  const causal = tf.tensor(
    Float32Array.from({ length: T * T }, (_, i) => (i % T <= Math.floor(i / T) ? 0 : -1e9)),
    [T, T],
  );
  const heads = (x, w) => tf.transpose(tf.reshape(linear(x, w), [B, T, H, D / H]), [0, 2, 1, 3]);
  let h = tf.add(tf.reshape(tf.matMul(tf.reshape(hotX, [B * T, -1]), p.emb), [B, T, D]), p.pos);
  for (const l of ['a', 'b']) {
    const n = layerNorm(h, p[`${l}ln1`]);
    const [q, k, v] = ['q', 'k', 'v'].map((name) => heads(n, p[`${l}${name}`]));
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(D / H)), causal);
    const o = tf.matMul(tf.softmax(scores), v);
    h = tf.add(h, linear(tf.reshape(tf.transpose(o, [0, 2, 1, 3]), [B, T, D]), p[`${l}o`]));
    h = tf.add(h, linear(gelu(linear(layerNorm(h, p[`${l}ln2`]), p[`${l}f1`])), p[`${l}f2`]));
  }
  return crossEntropy(linear(h, p.head), y);
}

const oneHot = (list, classes) => tf.oneHot(tf.tensor1d(list, 'int32'), classes);
function dataOf(name) {
  const problem = problems[name];
  if (problem.vocabulary) {
    const { batch, time, vocabulary } = problem;
    const hot = (k) =>
      tf.cast(
        tf.reshape(
          oneHot(
            Array.from({ length: batch * time }, (_, i) => (i * k + 3) % vocabulary),
            vocabulary,
          ),
          [batch, time, vocabulary],
        ),
        'float32',
      );
    return [hot(31), hot(17)];
  }
  const size = problem.input.reduce((a, b) => a * b, 1);
  return [
    tf.tensor(filled(size, 1, 99), problem.input),
    tf.cast(oneHot([...labels(problem.batch, problem.classes)], problem.classes), 'float32'),
  ];
}

/** A function that does steps and gives the last loss. */
export function stepsOf(name) {
  const params = Object.fromEntries(
    Object.entries(startOf(problems[name])).map(([k, { data, shape }]) => [
      k,
      tf.variable(tf.tensor(data, shape)),
    ]),
  );
  const [x, y] = dataOf(name);
  const loss = problems[name].vocabulary ? languageModel : (p, a, b) => mlp(p, a, b, problems[name].layers);
  const sgd = tf.train.sgd(RATE);
  return async (n) => {
    let value = null;
    for (let i = 0; i < n; i++) {
      value?.dispose();
      value = sgd.minimize(() => loss(params, x, y), true, Object.values(params));
    }
    const [last] = await value.data();
    value.dispose();
    return last;
  };
}
