// Runs in the page: all engines on one GPU, in turn, round by round.
import { interleave } from '../lib/interleave.mjs';
import * as jaxJs from '../models/jax-js.mjs';
import { dataOf, losses, t } from '../models/ours.mjs';
import { filled, problems, RATE, startOf } from '../models/shapes.mjs';
import { ceiling } from './ceiling.mjs';
import { stepsOf as tfSteps, tf } from './tfjs.mjs';

/** Our steps on a backend; parameters stay where it keeps them. */
function ourSteps(name) {
  const step = t.jit(
    (p, x, y) => {
      const [value, g] = t.valueAndGrad(losses[name])(p, x, y);
      return [Object.fromEntries(Object.keys(p).map((k) => [k, t.sub(p[k], t.mul(g[k], RATE))])), value];
    },
    { donate: [0], name },
  );
  let params = Object.fromEntries(
    Object.entries(startOf(problems[name])).map(([k, { data, shape }]) => [k, t.copy(t.tensor(data, shape))]),
  );
  const [x, y] = dataOf(name);
  return async (n) => {
    let value = null;
    for (let i = 0; i < n; i++) {
      value?.dispose();
      [params, value] = step(params, x, y);
    }
    const [last] = await value.data();
    value.dispose();
    return last;
  };
}
/** jax-js's step reads its loss each time; n steps are n reads. */
const jaxSteps = (name) => {
  const step = jaxJs.stepOf(name);
  return async (n) => {
    let last = 0;
    for (let i = 0; i < n; i++) last = await step();
    return last;
  };
};

/** A contestant: `work(n)` does n times and resolves when the device is done. */
const contestant = (name, work) => ({
  name,
  async run(n) {
    const start = performance.now();
    await work(n);
    return (performance.now() - start) / 1000;
  },
});
/** Switches our backend before the work. */
const ours = (backend, make) => {
  t.setBackend(backend);
  const work = make();
  return contestant(`tensor-gpu ${backend}`, (n) => {
    t.setBackend(backend);
    return work(n);
  });
};

function products(n) {
  const [a, b] = [filled(n * n, 1, 1), filled(n * n, 1, 2)];
  const our = () => {
    const [x, y] = [t.copy(t.tensor(a, [n, n])), t.copy(t.tensor(b, [n, n]))];
    return async (times) => {
      for (let i = 1; i < times; i++) t.matmul(x, y).dispose();
      const last = t.matmul(x, y);
      await t.slice(last, [0, 0], [1, 1]).data();
      last.dispose();
    };
  };
  const [ja, jb] = [jaxJs.np.array(a).reshape([n, n]), jaxJs.np.array(b).reshape([n, n])];
  const [fa, fb] = [tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])];
  return [
    ours('webgpu', our),
    ours('wasm', our),
    contestant('jax-js webgpu', async (times) => {
      for (let i = 0; i < times; i++) {
        const c = jaxJs.np.matmul(ja.ref, jb.ref);
        await jaxJs.jax.blockUntilReady(c);
        c.dispose();
      }
    }),
    contestant('tfjs webgpu', async (times) => {
      for (let i = 1; i < times; i++) tf.matMul(fa, fb).dispose();
      const last = tf.matMul(fa, fb);
      const corner = tf.slice(last, [0, 0], [1, 1]);
      await corner.data();
      tf.dispose([last, corner]);
    }),
  ];
}

globalThis.gpuBench = {
  async describe() {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const { vendor, architecture, device, description } = adapter.info;
    return { vendor, architecture, device, description, isFallback: adapter.info.isFallbackAdapter ?? false };
  },
  async start(small) {
    await t.initBackend('webgpu');
    await tf.setBackend('webgpu');
    await jaxJs.ready;
    await jaxJs.jax.init('webgpu');
    jaxJs.jax.defaultDevice('webgpu');
    if (small) {
      Object.assign(problems['gpt-tiny'], { batch: 2, time: 8 });
      problems['gpt-tiny'].shapes.pos = [8, 128];
      Object.assign(problems['mlp-large'], { batch: 8, input: [8, 784] });
    }
    const adapter = await navigator.gpu.requestAdapter();
    return ceiling(await adapter.requestDevice(), { small });
  },
  product: (n, options) => interleave(products(n), options),
  async steps(name, options) {
    const contestants = [
      ours('webgpu', () => ourSteps(name)),
      ours('wasm', () => ourSteps(name)),
      contestant('jax-js webgpu', jaxSteps(name)),
      contestant('tfjs webgpu', tfSteps(name)),
    ];
    return interleave(contestants, options);
  },
  /** The first losses, to see that all engines train the same model. */
  async losses(name) {
    const found = {};
    for (const backend of ['webgpu', 'wasm']) {
      t.setBackend(backend);
      found[`tensor-gpu ${backend}`] = await ourSteps(name)(2);
    }
    found['jax-js webgpu'] = await jaxSteps(name)(2);
    found['tfjs webgpu'] = await tfSteps(name)(2);
    return found;
  },
};
