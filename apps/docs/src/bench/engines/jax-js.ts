import * as jax from '@jax-js/jax';
import type { Engine } from '../engine.js';
import { factors, inputs, oneHotTargets, parameterNames, perceptron, startParameters } from '../problems.js';

const { numpy: np, nn } = jax;
type Values = jax.numpy.Array;

/** jax-js on one of its backends. It owns its arrays: every use but the last takes `.ref`. */
export async function jaxEngine(backend: string): Promise<Engine> {
  const device = backend as jax.Device;
  const found = await jax.init(device);
  if (!found.includes(device)) throw new Error(`jax-js has no ${backend} here`);
  jax.defaultDevice(device);
  return {
    product(n) {
      const [a, b] = factors(n).map((values) => np.array(values).reshape([n, n])) as [Values, Values];
      return {
        async run(repeats) {
          let last: Values | undefined;
          for (let i = 0; i < repeats; i++) {
            last?.dispose();
            last = np.matmul(a.ref, b.ref);
            await jax.blockUntilReady(last); // what nobody waits for may never be computed
          }
          last!.dispose();
        },
        result: async () => (await np.matmul(a.ref, b.ref).data()) as Float32Array,
        dispose: () => [a, b].forEach((own) => own.dispose()),
      };
    },
    training,
  };
}

type Parameters = Record<string, Values>;

function training() {
  const { batch, sizes, learningRate } = perceptron;
  const linear = (x: Values, w: Values, b: Values): Values => np.matmul(x, np.transpose(w)).add(b);
  const loss = (p: Parameters, x: Values, y: Values): Values => {
    const logits = linear(nn.relu(linear(x, p['w0']!, p['b0']!)), p['w1']!, p['b1']!);
    return np.mean(np.sum(nn.logSoftmax(logits).mul(y), -1)).neg();
  };
  const train = jax.jit((p: Parameters, x: Values, y: Values): [Parameters, Values] => {
    const kept = Object.fromEntries(Object.entries(p).map(([name, own]) => [name, own.ref]));
    const [value, g] = jax.valueAndGrad(loss)(p, x, y) as [Values, Parameters];
    const next = Object.entries(kept).map(
      ([name, own]) => [name, own.sub(g[name]!.mul(learningRate))] as const,
    );
    return [Object.fromEntries(next), value];
  });
  const start = startParameters();
  let params: Parameters = Object.fromEntries(
    parameterNames.map((name) => [name, np.array(start[name].values).reshape(start[name].shape)]),
  );
  const x = np.array(inputs()).reshape([batch, sizes[0]]);
  const y = np.array(oneHotTargets()).reshape([batch, sizes[2]]);
  const advance = (): Values => {
    const [next, value] = train(params, x.ref, y.ref);
    params = next;
    return value;
  };
  const step = async (): Promise<number> => (await advance().data())[0]!;
  return {
    async run(repeats: number) {
      for (let i = 1; i < repeats; i++) advance().dispose();
      await step();
    },
    step,
    dispose: () => [...Object.values(params), x, y].forEach((own) => own.dispose()),
  };
}
