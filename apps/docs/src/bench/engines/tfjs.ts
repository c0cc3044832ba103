import * as tf from '@tensorflow/tfjs-core';
import { addGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Add_grad.js';
import { batchMatMulGradConfig } from '@tensorflow/tfjs-core/dist/gradients/BatchMatMul_grad.js';
import { logSoftmaxGradConfig } from '@tensorflow/tfjs-core/dist/gradients/LogSoftmax_grad.js';
import { meanGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Mean_grad.js';
import { multiplyGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Multiply_grad.js';
import { negGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Neg_grad.js';
import { reluGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Relu_grad.js';
import { sumGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sum_grad.js';
import type { Engine } from '../engine.js';
import { factors, inputs, oneHotTargets, parameterNames, perceptron, startParameters } from '../problems.js';

/** Gradients of what the perceptron needs; the core registers none by itself. */
const gradients = [
  addGradConfig,
  batchMatMulGradConfig,
  logSoftmaxGradConfig,
  meanGradConfig,
  multiplyGradConfig,
  negGradConfig,
  reluGradConfig,
  sumGradConfig,
];

/** TensorFlow.js on one of its backends, in one thread. */
export async function tfjsEngine(backend: string): Promise<Engine> {
  await loadBackend(backend);
  for (const gradient of gradients) tf.registerGradient(gradient);
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no ${backend} here`);
  await tf.ready();
  return {
    product(n) {
      const [a, b] = factors(n).map((values) => tf.tensor2d(values, [n, n])) as [tf.Tensor2D, tf.Tensor2D];
      return {
        async run(repeats) {
          let last: tf.Tensor | undefined;
          for (let i = 0; i < repeats; i++) {
            last?.dispose();
            last = tf.matMul(a, b);
          }
          const total = tf.sum(last!);
          await total.data(); // small, and there only when all before it is done
          tf.dispose([last!, total]);
        },
        async result() {
          const product = tf.matMul(a, b);
          const values = await product.data();
          product.dispose();
          return values;
        },
        dispose: () => tf.dispose([a, b]),
      };
    },
    training,
  };
}

async function loadBackend(backend: string): Promise<void> {
  if (backend === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const [plain, simd, threaded] = await Promise.all([
      import('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'),
      import('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'),
      import('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'),
    ]);
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plain.default,
      'tfjs-backend-wasm-simd.wasm': simd.default,
      'tfjs-backend-wasm-threaded-simd.wasm': threaded.default,
    });
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // one thread each
  } else if (backend === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
  else await import('@tensorflow/tfjs-backend-webgpu');
}

function training() {
  const { batch, sizes, learningRate } = perceptron;
  const start = startParameters();
  let params = parameterNames.map((name) => tf.tensor(start[name].values, start[name].shape));
  const x = tf.tensor2d(inputs(), [batch, sizes[0]]);
  const y = tf.tensor2d(oneHotTargets(), [batch, sizes[2]]);
  const linear = (h: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.add(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D, false, true), b);
  const loss = (...own: tf.Tensor[]): tf.Scalar => {
    const [w0, b0, w1, b1] = own as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const logits = linear(tf.relu(linear(x, w0, b0)), w1, b1);
    return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(logits)), -1)));
  };
  const lossAndGradients = tf.valueAndGrads(loss);
  const advance = (): tf.Tensor => {
    const [value, next] = tf.tidy((): [tf.Tensor, tf.Tensor[]] => {
      const { value: own, grads } = lossAndGradients(params);
      return [own, params.map((p, i) => tf.sub(p, tf.mul(grads[i]!, learningRate)))];
    }) as unknown as [tf.Tensor, tf.Tensor[]];
    tf.dispose(params);
    params = next;
    return value;
  };
  const read = async (value: tf.Tensor): Promise<number> => {
    const [number] = await value.data();
    value.dispose();
    return number!;
  };
  return {
    async run(repeats: number) {
      for (let i = 1; i < repeats; i++) advance().dispose();
      await read(advance());
    },
    step: () => read(advance()),
    dispose: () => tf.dispose([...params, x, y]),
  };
}
