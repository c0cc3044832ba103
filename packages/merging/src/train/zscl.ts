import { createTrainStep, type LongWorkOptions, type Objective, type Optimizer } from '@weightloom/nn';
import { assertSameStructure, type StateDict, stateDict, zipTensors } from '@weightloom/state-dict';
import {
  add,
  copy,
  dispose,
  foldIn,
  jit,
  type Key,
  mul,
  square,
  sub,
  sum,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { checkCount, checkNumber } from '../internal/check-number.js';
import { runSteps } from '../internal/run-steps.js';
import { zsclDistillation, type ZsclDistillationOptions } from './zscl-distillation.js';

/** What keeps the model near what it knew: unlabelled examples, and the model that first saw them. */
export interface ZsclReference<Reference> extends ZsclDistillationOptions {
  /** Examples of a step, counted from 0, such as images; tensors made for it are freed after the step. */
  readonly batch: (step: number) => Reference;
  /** Features `[n, d]` of the examples. */
  readonly features: (params: StateDict, batch: Reference) => Tensor;
  /** The first model; left unchanged, and it may be the one that is trained. */
  readonly teacher: StateDict;
  /** `[m, d]`: the teacher's embeddings of reference texts, or the rows of its classifier. */
  readonly texts?: Tensor;
  /** Weight of the distillation beside the loss of the task (default 1). */
  readonly weight?: number;
}

/** How weights are averaged along the way. */
export interface ZsclEnsemble {
  /** The mean of the start and of the weights every so many steps (`'mean'`, default), or a moving average (`'moving'`). */
  readonly kind?: 'mean' | 'moving';
  /** Steps between two updates of the average (default 100). */
  readonly every?: number;
  /** `β` of the moving average, from 0 to 1 (default 0.999). */
  readonly decay?: number;
  /**
   * After each update the average keeps this share of itself and takes the rest from the first model, from 0 to 1 (default 1:
   * all of itself; the authors' variant with the first model uses 0.95). Needs `reference`.
   */
  readonly keep?: number;
}

export interface TrainZsclOptions<Batch, Reference> extends LongWorkOptions {
  /** Weights at the start of the task; left unchanged. */
  readonly params: StateDict;
  /** The loss of the task, a scalar. */
  readonly loss: Objective<Batch>;
  /** The batch of a step, counted from 0; tensors made for it are freed after the step. */
  readonly batch: (step: number) => Batch;
  readonly steps: number;
  readonly optimizer: Optimizer;
  /** Which weights are trained, by name; default all but batch norm's running statistics. */
  readonly trainable?: (name: string) => boolean;
  /** Distillation on reference examples; without it there is none. */
  readonly reference?: ZsclReference<Reference>;
  /** Weight of `‖θ - θ_start‖²` (default 0). */
  readonly consolidation?: number;
  /** Averaging of weights; `false` for none (default: the mean, every 100 steps). */
  readonly ensemble?: ZsclEnsemble | false;
  /** For `ctx.key` of the loss; the same key gives the same bits. */
  readonly key?: Key;
}

export interface ZsclResult {
  /** The ensemble of weights; the next task starts from it. Without an ensemble the same as `last`. */
  readonly params: StateDict;
  /** The weights after the last step. */
  readonly last: StateDict;
  /** The loss of every step before its update, all terms. */
  readonly losses: readonly number[];
}

/**
 * Continual learning that keeps what a model could do without being taught: one task of ZSCL.
 *
 * Each step descends `loss + weight · distillation + consolidation · ‖θ - θ_start‖²`, see {@link zsclDistillation}; every
 * `every` steps the ensemble becomes `θ_we ← (n θ_we + θ_t) / (n + 1)`, `n = 1, 2, …`, from `θ_start`. Run the tasks one after the
 * other, each from the `params` of the one before, with the first model as `teacher` throughout.
 *
 * Where we differ: weights are immutable here, so the teacher may share tensors with the student. Without `texts` only the terms
 * among images remain.
 *
 * @throws {RangeError} for options out of their range; {@link StateDictError} when teacher and student differ in structure and the
 *   ensemble mixes them; {@link DivergedError} for a loss that is not finite
 * @see Zheng et al. 2023, "Preventing Zero-Shot Transfer Degradation in Continual Learning of Vision-Language Models",
 *   arXiv:2303.06628
 */
export async function trainZscl<Batch, Reference = never>(
  options: TrainZsclOptions<Batch, Reference>,
): Promise<ZsclResult> {
  const where = 'trainZscl';
  const { loss, reference, consolidation = 0, ensemble = {}, steps, key } = options;
  checkOptions(where, options);
  const start = copy(options.params);
  const objective: Objective<Step<Batch, Reference>> = (
    params,
    { batch, seen, first, texts, start },
    ctx,
  ) => {
    let total = loss(params, batch, ctx);
    if (reference && seen !== null && first) {
      const [own, taught] = [reference.features(params, seen), reference.features(first, seen)];
      total = add(
        total,
        mul(zsclDistillation(own, taught, texts ?? undefined, reference), reference.weight ?? 1),
      );
    }
    if (consolidation > 0 && start) {
      const moved = Object.entries(start).map(([name, w]) => sum(square(sub(params[name]!, w))));
      total = add(
        total,
        mul(
          moved.reduce((x, y) => add(x, y)),
          consolidation,
        ),
      );
    }
    return total;
  };
  const { init, step } = createTrainStep({
    objective,
    optimizer: options.optimizer,
    trainable: options.trainable,
  });
  const blend = jit(mix, { donate: [0], name: where });

  let state = init(copy(options.params));
  const anchor = consolidation > 0 ? pick(start, Object.keys(state.trainable)) : null;
  let average = ensemble ? copy(options.params) : undefined;
  let averaged = 1;
  const { kind = 'mean', every = 100, decay = 0.999, keep = 1 } = ensemble || {};
  try {
    const losses = await runSteps(
      where,
      steps,
      (i) => {
        const batch: Step<Batch, Reference> = {
          batch: options.batch(i),
          seen: reference ? reference.batch(i) : null,
          first: reference?.teacher ?? null,
          texts: reference?.texts ?? null,
          start: anchor,
        };
        const next = step(state, batch, { key: key && foldIn(key, i) });
        state = next.state;
        if (average && (i + 1) % every === 0) {
          const now = pick({ ...state.frozen, ...state.trainable }, Object.keys(average));
          average = blend(average, now, kind === 'mean' ? 1 / (averaged + 1) : 1 - decay);
          averaged++;
          if (keep < 1) average = blend(average, reference!.teacher, 1 - keep);
        }
        return { loss: next.loss, state, average: average ?? null };
      },
      options,
    );
    const last = pick({ ...state.frozen, ...state.trainable }, Object.keys(start));
    const params = average ?? last;
    average = undefined;
    dispose([state.optimizer, start]);
    return { params, last, losses };
  } catch (error) {
    dispose([state, average ?? null, start]);
    throw error;
  }
}

/** What a compiled step gets. */
interface Step<Batch, Reference> {
  readonly batch: Batch;
  readonly seen: Reference | null;
  readonly first: StateDict | null;
  readonly texts: Tensor | null;
  readonly start: StateDict | null;
}

/** `a + share · (b - a)`; whole numbers are b's. */
const mix = (a: StateDict, b: StateDict, share: number): StateDict =>
  zipTensors([a, b], ([x, y]) => (x!.dtype === 'float32' ? add(x!, mul(sub(y!, x!), share)) : y!));

const pick = (dict: StateDict, names: readonly string[]): StateDict =>
  stateDict(names.map((name) => [name, dict[name]!] as const));

function checkOptions<B, R>(where: string, options: TrainZsclOptions<B, R>): void {
  const { steps, consolidation = 0, ensemble = {}, reference, params } = options;
  checkCount(where, 'steps', steps);
  checkNumber(where, 'consolidation', consolidation, 0);
  if (reference) checkNumber(where, 'weight of the reference', reference.weight ?? 1, 0);
  if (ensemble === false) return;
  const { every = 100, decay = 0.999, keep = 1 } = ensemble;
  checkCount(where, 'every', every);
  checkNumber(where, 'decay', decay, 0, 1);
  checkNumber(where, 'keep', keep, 0, 1);
  if (keep === 1) return;
  if (!reference)
    throw new RangeError(
      `${where}: expected a reference, whose teacher keep below 1 mixes in, received none`,
    );
  assertSameStructure([params, reference.teacher], { where, labels: ['params', 'teacher'] });
}
