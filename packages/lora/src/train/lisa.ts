import {
  createTrainStep,
  DivergedError,
  type Loss,
  type Model,
  type Optimizer,
  type OptimizerState,
  type StateDict,
  type TrainStep,
} from '@weightloom/nn';
import {
  copy,
  dispose,
  foldIn,
  generator,
  type Key,
  take,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { listNames } from '../internal/text.js';

export interface LisaOptions {
  readonly model: Pick<Model, 'apply'>;
  /** Weights to start from; left unchanged. */
  readonly params: StateDict;
  readonly loss: Loss;
  /** Examples in rows. */
  readonly data: { readonly inputs: Tensor; readonly targets: Tensor };
  /** Makes the optimiser; called once per part of the weights. AdamW in the paper. */
  readonly optimizer: () => Optimizer;
  /**
   * Paths of the middle layers, such as `['blocks.0', 'blocks.1']`: every weight below one of them belongs to it. All other weights
   * (embeddings, head, last norm) are always trained, unless `trainEmbeddings` is false.
   */
  readonly layers: readonly string[];
  /** `γ`: how many layers are trained at a time, 0 to their number (default 2). */
  readonly activatedLayers?: number;
  /** `K ≥ 1`: steps until others are drawn (default 20). */
  readonly intervalSteps?: number;
  /** Train what is in no layer (default `true`). Without, memory is that of the drawn layers alone. */
  readonly trainEmbeddings?: boolean;
  readonly steps: number;
  /** Default 64. */
  readonly batchSize?: number;
  readonly key: Key;
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
  readonly signal?: AbortSignal;
}

export interface LisaResult {
  readonly params: StateDict;
  /** The loss of every step, before its update. */
  readonly losses: readonly number[];
  /** Layers of each period, as places in `layers`. */
  readonly drawn: readonly (readonly number[])[];
  /** Most numbers that had optimiser state at any time, per moment. */
  readonly peakTrained: number;
}

/**
 * Layerwise importance sampled AdamW: trains everything, but in each period only some middle layers, drawn uniformly without
 * replacement, beside embeddings and head.
 *
 * Optimiser state of a layer is dropped when its period ends and starts from zero when it is drawn again (the authors ran each
 * period as a job of its own); embeddings and head keep theirs.
 *
 * @throws {AdapterError} for layers no weight belongs to; {@link RangeError} for `γ` and `K` out of range; {@link DivergedError} for a
 *   loss that is not finite
 * @see Pan et al. 2024, "LISA: Layerwise Importance Sampling for Memory-Efficient Large Language Model Fine-Tuning", arXiv:2403.17919
 */
export async function trainLisa(options: LisaOptions): Promise<LisaResult> {
  const where = 'trainLisa';
  const {
    layers,
    activatedLayers = 2,
    intervalSteps = 20,
    trainEmbeddings = true,
    steps,
    batchSize = 64,
    key,
  } = options;
  const layerOf = (name: string): number => layers.findIndex((path) => name.startsWith(`${path}.`));
  checkOptions(options, where);
  const draw = generator(foldIn(key, 'layers'));
  const rows = generator(foldIn(key, 'rows'));
  const count = options.data.inputs.shape[0]!;
  const size = Math.min(batchSize, count);

  const programs = new Map<string, TrainStep<{ inputs: Tensor; targets: Tensor; index: Tensor }>>();
  const programOf = (active: readonly number[]) => {
    const id = active.join();
    const known = programs.get(id);
    if (known) return known;
    const made = createTrainStep<{ inputs: Tensor; targets: Tensor; index: Tensor }>({
      objective: (params, { inputs, targets, index }, ctx) =>
        options.loss(options.model.apply(params, take(inputs, index), ctx), take(targets, index)),
      optimizer: split(options.optimizer, layerOf),
      trainable: (name) => (layerOf(name) < 0 ? trainEmbeddings : active.includes(layerOf(name))),
    });
    programs.set(id, made);
    return made;
  };

  let params = copy(options.params);
  let shared: OptimizerState | undefined;
  const losses: number[] = [];
  const drawn: number[][] = [];
  let [order, at] = [rows.permutation(count), 0];
  let peakTrained = 0;
  while (losses.length < steps) {
    const active = [...draw.permutation(layers.length).subarray(0, activatedLayers)].sort((a, b) => a - b);
    drawn.push(active);
    const program = programOf(active);
    let state = program.init(params);
    if (shared) state = { ...state, optimizer: { ...(state.optimizer as object), shared } as OptimizerState };
    peakTrained = Math.max(
      peakTrained,
      Object.values(state.trainable).reduce((sum, { size: own }) => sum + own, 0),
    );
    const pending: Tensor[] = [];
    for (let i = 0; i < intervalSteps && losses.length + pending.length < steps; i++) {
      if (at + size > count) [order, at] = [rows.permutation(count), 0];
      const index = tensor(order.slice(at, at + size));
      at += size;
      const step = program.step(state, { ...options.data, index }, { key: foldIn(key, losses.length + i) });
      index.dispose();
      state = step.state;
      pending.push(step.loss);
    }
    for (const loss of pending) {
      const [value] = await loss.data();
      if (!Number.isFinite(value)) throw new DivergedError(where, losses.length, value!);
      losses.push(value!);
    }
    dispose(pending);
    const { shared: kept, drawn: dropped } = state.optimizer as {
      shared: OptimizerState;
      drawn: OptimizerState;
    };
    shared = kept;
    dispose(dropped);
    params = Object.assign(Object.create(null) as StateDict, state.frozen, state.trainable);
    options.onProgress?.({ done: losses.length, total: steps, label: `layers ${active.join(', ')}` });
    await new Promise((resolve) => setTimeout(resolve));
    options.signal?.throwIfAborted();
  }
  if (shared) dispose(shared);
  return { params, losses, drawn, peakTrained };
}

/** Two optimisers: one for what is always trained, whose state is kept, and one for the layers of a period. */
function split(make: () => Optimizer, layerOf: (name: string) => number): Optimizer {
  const [always, period] = [make(), make()];
  const part = (dict: StateDict, inLayer: boolean): StateDict =>
    Object.assign(
      Object.create(null) as StateDict,
      Object.fromEntries(Object.entries(dict).filter(([name]) => layerOf(name) >= 0 === inLayer)),
    );
  return {
    init: (params) => ({ shared: always.init(part(params, false)), drawn: period.init(part(params, true)) }),
    update: (grads, state, params, options) => {
      const own = state as { shared: OptimizerState; drawn: OptimizerState };
      const first = always.update(part(grads, false), own.shared, part(params, false), options);
      const second = period.update(part(grads, true), own.drawn, part(params, true), options);
      const updates = Object.assign(Object.create(null) as StateDict, first.updates, second.updates);
      return { updates, state: { shared: first.state, drawn: second.state } };
    },
  };
}

function checkOptions(options: LisaOptions, where: string): void {
  const { layers, params, activatedLayers = 2, intervalSteps = 20, steps, batchSize = 64 } = options;
  const whole = (name: string, value: number, low: number, high = Infinity): void => {
    if (Number.isSafeInteger(value) && value >= low && value <= high) return;
    const range = high === Infinity ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new RangeError(`${where}: expected a whole ${name} ${range}, received ${value}`);
  };
  const empty = layers.filter((path) => !Object.keys(params).some((name) => name.startsWith(`${path}.`)));
  if (layers.length === 0 || empty.length > 0) {
    const received = layers.length === 0 ? 'none' : `nothing below ${listNames(empty)}`;
    throw new AdapterError({ where, expected: 'layers with weights', received });
  }
  whole('activatedLayers', activatedLayers, 0, layers.length);
  whole('intervalSteps', intervalSteps, 1);
  whole('steps', steps, 1);
  whole('batchSize', batchSize, 1);
}
