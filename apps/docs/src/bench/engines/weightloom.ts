import type { Tensor } from '@weightloom/tensor-gpu';
import {
  type BackendName,
  copy,
  initBackend,
  jit,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  relu,
  add,
  setBackend,
  sub,
  sum,
  tensor,
  transpose,
  valueAndGrad,
} from '@weightloom/tensor-gpu';
import type { Engine } from '../engine.js';
import {
  factors,
  inputs,
  oneHotTargets,
  parameterNames,
  type ParameterName,
  perceptron,
  startParameters,
} from '../problems.js';

type Parameters = Record<ParameterName, Tensor>;

const linear = (x: Tensor, w: Tensor, b: Tensor): Tensor => add(matmul(x, transpose(w)), b);

function lossOf(p: Parameters, x: Tensor, y: Tensor): Tensor {
  const logits = linear(relu(linear(x, p.w0, p.b0)), p.w1, p.b1);
  return neg(mean(sum(mul(y, logSoftmax(logits)), { axis: -1 })));
}

/** Our own engine on one of its backends. */
export async function weightloomEngine(backend: string): Promise<Engine> {
  await initBackend(backend as BackendName);
  setBackend(backend as BackendName);
  return {
    product(n) {
      const [a, b] = factors(n).map((values) => copy(tensor(values, [n, n]))) as [Tensor, Tensor];
      let last: Tensor | undefined;
      return {
        async run(repeats) {
          for (let i = 0; i < repeats; i++) {
            last?.dispose();
            last = matmul(a, b);
          }
          await sum(last!).data(); // small, and there only when all before it is done
        },
        result: async () => matmul(a, b).data() as Promise<Float32Array>,
        dispose: () => [a, b, last].forEach((t) => t?.dispose()),
      };
    },
    training() {
      const { batch, sizes, learningRate } = perceptron;
      const start = startParameters();
      let params = Object.fromEntries(
        parameterNames.map((name) => [name, tensor(start[name].values, start[name].shape)]),
      ) as Parameters;
      const x = copy(tensor(inputs(), [batch, sizes[0]]));
      const y = copy(tensor(oneHotTargets(), [batch, sizes[2]]));
      const train = jit(
        (p: Parameters, images: Tensor, targets: Tensor): [Parameters, Tensor] => {
          const [loss, g] = valueAndGrad(lossOf)(p, images, targets);
          const next = parameterNames.map(
            (name) => [name, sub(p[name], mul(g[name], learningRate))] as const,
          );
          return [Object.fromEntries(next) as Parameters, loss];
        },
        { donate: [0] },
      );
      const advance = (): Tensor => {
        const [next, loss] = train(params, x, y);
        params = next;
        return loss;
      };
      return {
        async run(repeats) {
          for (let i = 1; i < repeats; i++) advance().dispose();
          await advance().data();
        },
        step: async () => (await advance().data())[0]!,
        dispose: () => [...Object.values(params), x, y].forEach((t) => t.dispose()),
      };
    },
  };
}
