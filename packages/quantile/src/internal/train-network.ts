import { adam, createTrainStep, type StateDict, type TrainState } from '@weightloom/nn';
import { dispose, foldIn, generator, jit, type Key, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkInteger } from '../models/model-input.js';
import { checkAtLeast } from './check-data.js';
import type { LongWork } from './long-work.js';

/** How networks and weights are trained. */
export interface TrainingOptions extends LongWork {
  /** Rows per step; default `2^(3 + ⌊log₁₀ n⌋)`, at most all. */
  readonly batchSize?: number | undefined;
  /** Of Adam; default 1e-3. */
  readonly learningRate?: number | undefined;
  /** L2 decay of Adam; default 1e-7. */
  readonly weightDecay?: number | undefined;
  /** Most steps; default 5000. */
  readonly maxSteps?: number | undefined;
  /** Share of the rows held out to choose the best step, in [0, 1); 0 trains for all steps; default 0.2. */
  readonly validation?: number | undefined;
  /** Steps between looks at the held-out rows; default 100. */
  readonly checkEvery?: number | undefined;
  /** Steps without improvement after which training stops; default 500. */
  readonly patience?: number | undefined;
  /** Train once more on all rows, as far as the best step; default false. */
  readonly refit?: boolean | undefined;
}

/** Rows of some columns on the device, by name; the first axis is the row. */
export type Batch = Readonly<Record<string, Tensor>>;

/** The mean loss of a batch; with a key it may draw (dropout). */
export type BatchLoss = (params: StateDict, batch: Batch, key?: Key) => Tensor;

export interface TrainingTask {
  /** Fresh weights. */
  readonly init: (key: Key) => StateDict;
  /** Float32 columns: `shape` without the row axis. */
  readonly columns: Readonly<Record<string, { readonly data: ArrayLike<number>; readonly shape: number[] }>>;
  readonly rows: number;
  readonly loss: BatchLoss;
  /** What the held-out rows are judged by; default the loss. */
  readonly score?: BatchLoss;
  readonly key: Key;
}

export interface Trained {
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Steps behind the weights. */
  readonly steps: number;
  /** Score of the held-out rows, NaN when there are none. */
  readonly validationLoss: number;
}

/** Rows that are scored at once. */
const CHUNK = 512;

/** Adam on shuffled batches, compiled; the weights of the best step on held-out rows. Deterministic by key. */
export async function trainNetwork(
  where: string,
  task: TrainingTask,
  options: TrainingOptions,
): Promise<Trained> {
  const settings = readSettings(where, options, task.rows);
  const { validation, checkEvery, patience, refit, maxSteps } = settings;
  const data: Record<string, Tensor> = {};
  for (const [name, { data: values, shape }] of Object.entries(task.columns))
    data[name] = tensor(Float32Array.from(values), [task.rows, ...shape]);
  try {
    const order = generator(foldIn(task.key, 'validation')).permutation(task.rows);
    const held = Math.round(validation * task.rows);
    const kept = Int32Array.from(order.slice(held));
    const left = Int32Array.from(order.slice(0, held)).sort();
    if (kept.length === 0) throw new RangeError(`${where}: validation leaves no row to train on`);
    const descend = (rows: Int32Array, steps: number, check?: Check) =>
      run(where, task, data, rows, steps, settings, check);
    if (held === 0) return { ...(await descend(kept, maxSteps)), validationLoss: NaN };

    const score = scoreOf(task, data, left);
    let best: Trained = { weights: {}, steps: 0, validationLoss: Infinity };
    await descend(kept, maxSteps, async (step, params) => {
      if (step % checkEvery !== 0 && step !== maxSteps) return true;
      const validationLoss = score(params);
      if (validationLoss < best.validationLoss)
        best = { weights: await hostCopy(params), steps: step, validationLoss };
      return Number.isFinite(validationLoss) && step - best.steps < patience;
    });
    if (best.validationLoss === Infinity)
      throw new Error(`${where}: training diverged at once; lower learningRate`);
    if (!refit || best.steps === 0) return best;
    return { ...best, ...(await descend(Int32Array.from(order), best.steps)) };
  } finally {
    dispose(data);
  }
}

/** Looks at the weights after a step; false stops. */
type Check = (step: number, params: StateDict) => Promise<boolean>;

async function run(
  where: string,
  { init, loss, key }: TrainingTask,
  data: Batch,
  rows: Int32Array,
  steps: number,
  { batchSize, learningRate, weightDecay, onProgress, signal }: Settings,
  check?: Check,
): Promise<{ weights: Record<string, Float32Array>; steps: number }> {
  const size = Math.min(batchSize, rows.length);
  const trainStep = createTrainStep<{ data: Batch; rows: Tensor }>({
    objective: (params, batch, ctx) => loss(params, gather(batch.data, batch.rows), ctx.key),
    optimizer: adam({ learningRate, weightDecay }),
  });
  let state: TrainState = trainStep.init(init(foldIn(key, 'weights')));
  const draws = foldIn(key, 'steps');
  let shuffled = rows;
  let step = 0;
  let more = check === undefined || (await check(0, state.trainable));
  while (step < steps && more) {
    const perEpoch = Math.floor(rows.length / size);
    const at = step % perEpoch;
    if (at === 0) {
      const order = generator(foldIn(key, `epoch ${step / perEpoch}`)).permutation(rows.length);
      shuffled = Int32Array.from(order, (i) => rows[i]!);
    }
    const batch = tensor(shuffled.slice(at * size, (at + 1) * size), [size], 'int32');
    const drawn = foldIn(draws, step);
    const result = trainStep.step(state, { data, rows: batch }, { key: drawn });
    state = result.state;
    step += 1;
    dispose([batch, drawn, result.loss]);
    if (check) more = await check(step, state.trainable);
    if (step % 50 === 0) {
      onProgress?.({ done: step, total: steps, label: 'Training' });
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
  }
  const weights = await hostCopy(state.trainable);
  dispose(state);
  if (!check && Object.values(weights).some((values) => values.some((value) => !Number.isFinite(value))))
    throw new Error(`${where}: training diverged within ${steps} steps; lower learningRate`);
  return { weights, steps: step };
}

function scoreOf(
  { loss, score = loss }: TrainingTask,
  data: Batch,
  rows: Int32Array,
): (params: StateDict) => number {
  const compiled = jit((params: StateDict, all: Batch, chunk: Tensor) => score(params, gather(all, chunk)));
  return (params) => {
    let sum = 0;
    for (let from = 0; from < rows.length; from += CHUNK) {
      const part = rows.slice(from, from + CHUNK);
      const chunk = tensor(part, [part.length], 'int32');
      const mean = compiled(params, data, chunk);
      sum += (mean.item() as number) * part.length;
      dispose([chunk, mean]);
    }
    return sum / rows.length;
  };
}

const gather = (data: Batch, rows: Tensor): Batch =>
  Object.fromEntries(Object.entries(data).map(([name, column]) => [name, take(column, rows, 0)]));

async function hostCopy(params: StateDict): Promise<Record<string, Float32Array>> {
  const out: Record<string, Float32Array> = {};
  for (const [name, value] of Object.entries(params)) out[name] = Float32Array.from(await value.data());
  return out;
}

type Settings = ReturnType<typeof readSettings>;

function readSettings(where: string, options: TrainingOptions, n: number) {
  const settings = {
    batchSize: options.batchSize ?? 2 ** (3 + Math.floor(Math.log10(n))),
    learningRate: options.learningRate ?? 1e-3,
    weightDecay: options.weightDecay ?? 1e-7,
    maxSteps: options.maxSteps ?? 5000,
    validation: options.validation ?? 0.2,
    checkEvery: options.checkEvery ?? 100,
    patience: options.patience ?? 500,
    refit: options.refit ?? false,
    onProgress: options.onProgress,
    signal: options.signal,
  };
  for (const name of ['batchSize', 'maxSteps', 'checkEvery', 'patience'] as const)
    checkInteger(where, name, settings[name], 1);
  checkAtLeast(where, 'weightDecay', settings.weightDecay, 0);
  checkAtLeast(where, 'validation', settings.validation, 0);
  if (settings.validation >= 1)
    throw new RangeError(`${where}: validation is ${settings.validation}, expected a share below 1`);
  if (!(settings.learningRate > 0 && settings.learningRate < Infinity))
    throw new RangeError(
      `${where}: learningRate is ${settings.learningRate}, expected a finite number above 0`,
    );
  return settings;
}
