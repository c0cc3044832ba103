import {
  add,
  jit,
  type Key,
  mul,
  type Tensor,
  tensor,
  valueAndGrad,
  zerosLike,
} from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { dictOf, emptyDict, mapDict, zipDict } from '../internal/dict.js';
import type { ApplyContext, StateDict } from '../model.js';
import { applyUpdates, type Optimizer, type OptimizerState } from '../optimizers/optimizer.js';
import { type SamOptions, samPerturb } from '../optimizers/sam.js';

/** A scalar to make small, from weights and one batch (any tree of tensors). */
export type Objective<B> = (params: StateDict, batch: B, ctx: ApplyContext) => Tensor;

/** Everything a run carries from step to step. */
export interface TrainState {
  /** Weights that gradients change. */
  readonly trainable: StateDict;
  /** Weights that stay, and buffers such as batch norm's running statistics. */
  readonly frozen: StateDict;
  readonly optimizer: OptimizerState;
}

export interface TrainStepOptions<B> {
  readonly objective: Objective<B>;
  readonly optimizer: Optimizer;
  /** Which weights gradients change; default all but batch norm's running statistics. */
  readonly trainable?: (name: string) => boolean;
  /** Sharpness-aware minimisation: the gradient is taken a second time uphill. Costs a second pass. */
  readonly sam?: SamOptions;
}

/** What changes from step to step without compiling again. */
export interface StepControl {
  readonly learningRate?: number;
  readonly key?: Key;
}

export interface TrainStep<B> {
  /** The first state; the tensors of `params` are taken as they are, so copy what must survive. */
  init(params: StateDict): TrainState;
  /** One compiled step; takes over the buffers of `state`. */
  step(state: TrainState, batch: B, control?: StepControl): StepResult;
  /**
   * One step from several batches computed one after the other, so that only one of them needs memory: gradients and losses are added
   * with their shares (which should sum to 1). Takes over the buffers of `state`.
   */
  accumulate(state: TrainState, parts: readonly BatchPart<B>[], control?: StepControl): StepResult;
}

/** A batch and its share of the loss. */
export interface BatchPart<B> {
  readonly batch: B;
  readonly share: number;
}

/** The next state and the loss before the update. */
export interface StepResult {
  readonly state: TrainState;
  readonly loss: Tensor;
}

/** What is gathered over the parts of a step. */
interface Gathered {
  readonly frozen: StateDict;
  readonly grads: StateDict;
  readonly loss: Tensor;
}

/** Names PyTorch gives to what batch norm remembers. */
const isBuffer = (name: string): boolean =>
  /(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(name);

const merge = (...dicts: readonly StateDict[]): StateDict => dictOf(dicts.flatMap((d) => Object.entries(d)));

/** The weights of a state as one dict. */
export const paramsOf = ({ trainable, frozen }: TrainState): StateDict => merge(frozen, trainable);

/**
 * One training step as one compiled program: forward, backward and update. Buffers of the state are reused from step to step.
 *
 * @see fit for whole runs
 */
export function createTrainStep<B>({
  objective,
  optimizer,
  trainable = (name) => !isBuffer(name),
  sam,
}: TrainStepOptions<B>): TrainStep<B> {
  const gradient = (weights: StateDict, frozen: StateDict, batch: B, key: Key | undefined): Gathered => {
    const lossOf = (now: StateDict): [Tensor, StateDict] => {
      const updates = emptyDict();
      const update = (name: string, value: Tensor): void => void (updates[name] = value);
      return [objective(merge(frozen, now), batch, { key, train: true, update }), updates];
    };
    const slope = valueAndGrad(lossOf, { hasAux: true });
    const [[loss, updates], grads] = slope(weights);
    return {
      loss,
      frozen: merge(frozen, updates),
      grads: sam ? slope(samPerturb(weights, grads, sam))[1] : grads,
    };
  };
  const descend = (
    { trainable: weights, optimizer: memory }: Omit<TrainState, 'frozen'>,
    grads: StateDict,
    learningRate: number | undefined,
  ): Omit<TrainState, 'frozen'> => {
    const { updates, state } = optimizer.update(grads, memory, weights, { learningRate });
    return { trainable: applyUpdates(weights, updates), optimizer: state };
  };

  const whole = jit(
    (state: TrainState, batch: B, { learningRate, key }: StepControl): StepResult => {
      const { frozen, grads, loss } = gradient(state.trainable, state.frozen, batch, key);
      return { state: { ...descend(state, grads, learningRate), frozen }, loss };
    },
    { donate: [0], name: 'trainStep' },
  );
  const gather = jit(
    (sum: Gathered, weights: StateDict, batch: B, share: number, key: Key | undefined): Gathered => {
      const { frozen, grads, loss } = gradient(weights, sum.frozen, batch, key);
      return {
        frozen,
        grads: zipDict((a, g) => add(a, mul(g, share)), sum.grads, grads),
        loss: add(sum.loss, mul(loss, share)),
      };
    },
    { donate: [0], name: 'trainStep' },
  );
  const finish = jit(descend, { donate: [0, 1], name: 'trainStep' });

  return {
    init: (params) => {
      const part = (wanted: boolean): StateDict =>
        dictOf(Object.entries(params).filter(([name]) => trainable(name) === wanted));
      return { trainable: part(true), frozen: part(false), optimizer: optimizer.init(part(true)) };
    },
    step: (state, batch, control = {}) => whole(state, batch, control),
    accumulate: ({ frozen, ...rest }, parts, { learningRate, key } = {}) => {
      if (sam) refuse('accumulate', 'one batch a step with sam', `${parts.length} parts`);
      const start = { frozen, grads: mapDict((w) => zerosLike(w), rest.trainable), loss: tensor(0) };
      const sum = parts.reduce<Gathered>(
        (gathered, { batch, share }) => gather(gathered, rest.trainable, batch, share, key),
        start,
      );
      return { state: { ...finish(rest, sum.grads, learningRate), frozen: sum.frozen }, loss: sum.loss };
    },
  };
}
