/** What the examples of LoRA at large width share: a frozen network, a teacher a small change away, and a compiled step. */
import { adaptModel, initLora, loraConfig } from '@weightloom/lora';
import {
  createTrainStep,
  linear,
  meanSquaredError,
  type Model,
  type Optimizer,
  type StateDict,
} from '@weightloom/nn';
import {
  add,
  copy,
  dispose,
  foldIn,
  type Key,
  matmul,
  normal,
  relu,
  take,
  type Tensor,
  tensor,
  tidy,
  transpose,
} from '@weightloom/tensor-gpu';

const INPUTS = 16;
const EXAMPLES = 512;
const BATCH = 64;

/** `h → hidden → relu → one number`; `hidden` is adapted. */
const model: Pick<Model, 'apply'> = {
  apply: (params, h, ctx) => linear(params, 'output', relu(linear(params, 'hidden', h, ctx)), ctx),
};

/** Inputs of the hidden layer, what the frozen layer makes of them, and the teacher's answers. */
interface Data {
  readonly h: Tensor;
  readonly z: Tensor;
  readonly y: Tensor;
}

/** A network of width n, and what differs a little from it. */
export interface WideTeacher {
  readonly n: number;
  readonly params: StateDict;
  readonly data: Data;
}

/**
 * `x [16] → relu → hidden [n, n] → relu → one number`, with weights of standard deviation 1/√16, 1/√n and 1/n, and a teacher whose hidden
 * layer differs by a change of rank 2.
 */
export function wideTeacher(key: Key, n: number): WideTeacher {
  const draw = (name: string, shape: number[], std: number): Tensor =>
    normal(foldIn(key, name), shape, 0, std);
  const params = {
    'hidden.weight': draw('hidden', [n, n], 1 / Math.sqrt(n)),
    'output.weight': draw('output', [1, n], 1 / n),
  };
  const data = tidy(() => {
    const first = draw('first', [n, INPUTS], 1 / Math.sqrt(INPUTS));
    const h = relu(matmul(draw('x', [EXAMPLES, INPUTS], 1), transpose(first)));
    const z = matmul(h, transpose(params['hidden.weight']));
    const [u, v] = [draw('u', [n, 2], 0.3), draw('v', [2, n], 1 / Math.sqrt(n))];
    const shift = matmul(matmul(h, transpose(v)), transpose(u));
    return { h, z, y: matmul(relu(add(z, shift)), transpose(params['output.weight'])) };
  });
  return { n, params, data };
}

export interface SweepOptions {
  readonly start: 'init_a' | 'init_b';
  readonly optimizer: Optimizer;
  readonly rates: readonly number[];
  readonly steps: number;
  readonly key: Key;
}

/** Trains an adapter of rank 4 at each rate: the mean loss of the last pass through the examples divided by the loss before. */
export function sweep(
  { params, data }: WideTeacher,
  { start, optimizer, rates, steps, key }: SweepOptions,
): number[] {
  const config = loraConfig({ targetModules: ['hidden'], r: 4, loraAlpha: 4 });
  const adapted = adaptModel(model, { default: config });
  const { params: own } = initLora(params, config, { key, init: start });
  // What the frozen layer makes of its inputs is known, so only the adapter is computed.
  const known = (z: Tensor) => ({ linear: (path: string) => (path === 'hidden' ? z : undefined) });
  const lossOf = (weights: StateDict, { h, z, y }: Data): Tensor =>
    meanSquaredError(adapted.apply(weights, h, known(z)), y);
  const program = createTrainStep<Data & { index: Tensor }>({
    objective: (weights, { h, z, y, index }) =>
      lossOf(weights, { h: take(h, index), z: take(z, index), y: take(y, index) }),
    optimizer,
    trainable: adapted.trainable,
  });
  const before = tidy(() => lossOf({ ...params, ...own }, data)).item();
  const batches = Array.from({ length: EXAMPLES / BATCH }, (_, i) =>
    tensor(Int32Array.from({ length: BATCH }, (_, row) => i * BATCH + row)),
  );
  let frozen = copy(params); // a step takes over the buffers it gets and hands them on
  const losses = rates.map((learningRate) => {
    let state = program.init({ ...frozen, ...copy(own) });
    let last = 0;
    for (let i = 0; i < steps; i++) {
      const next = program.step(state, { ...data, index: batches[i % batches.length]! }, { learningRate });
      if (i >= steps - batches.length) last += next.loss.item() / Math.min(steps, batches.length);
      next.loss.dispose();
      state = next.state;
    }
    frozen = state.frozen;
    dispose([state.trainable, state.optimizer]);
    return last / before;
  });
  dispose([own, frozen, batches]);
  return losses;
}
