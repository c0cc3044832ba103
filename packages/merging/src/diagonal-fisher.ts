import type { LongWorkOptions } from '@weightloom/nn';
import { isFloat, mapTensors, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  copy,
  dispose,
  DTypeError,
  expandDims,
  jit,
  type Jitted,
  type Key,
  mul,
  randomBits,
  ShapeError,
  slice,
  squeeze,
  type Tensor,
  tidy,
  zeros,
} from '@weightloom/tensor-gpu';
import type { ApplyFunction } from './ensemble.js';
import { checkCount } from './internal/check-number.js';
import { countOf, labelGradients, type LabelMode } from './internal/label-gradients.js';
import { pacer } from './internal/pacer.js';
import { lookAtLayers } from './internal/look-at-layers.js';
import { squaredGradients } from './internal/squared-gradients.js';
import {
  type QuickLayer,
  seesRows,
  squaredGradientsOfLayers,
} from './internal/squared-gradients-of-layers.js';

export interface DiagonalFisherOptions extends LongWorkOptions {
  /** The weights `θ`. */
  readonly params: StateDict;
  /**
   * Logits `[n, classes]` for inputs `[n, …]`, made of tensor operations; no example may depend on another. Pass the context on,
   * `(params, x, ctx) => model.apply(params, x, ctx)`, and linear layers and convolutions take the quick way: no gradient of a single
   * example is formed for layers that see one row of each, and that of all classes at once for the others.
   */
  readonly apply: ApplyFunction;
  /** The examples, `[n, …]` with n ≥ 1. */
  readonly inputs: Tensor;
  /**
   * Whose gradients are squared:
   * - `'exact'` (default): those of every class, weighted by its probability; a backward pass for each class but one;
   * - `'sampled'`: of labels drawn by `key` from what the model itself predicts;
   * - int32 labels `[n]`: of those, which is the "empirical Fisher".
   */
  readonly labels?: 'exact' | 'sampled' | Tensor;
  /** Draws the labels where they are sampled; what is drawn does not depend on `chunkSize`. */
  readonly key?: Key;
  /** Labels drawn for each example where they are sampled (default 1). */
  readonly samples?: number;
  /** Gradients of single examples that exist at once (default 64): bounds memory. */
  readonly chunkSize?: number;
  /** Which tensors it is computed for (default all floating ones); 0 for the others. */
  readonly trainable?: (name: string) => boolean;
}

/**
 * Diagonal of the Fisher information of a classifier: how much its predictions change with each weight.
 *
 * `F_j = (1/N) Σₙ E_{y ~ p(y|xₙ)} [(∂ log p(y|xₙ) / ∂θ_j)²]`, from gradients of single examples: the square of a gradient that
 * was summed over a batch would be something else.
 *
 * @returns tensors of the names and shapes of `params`, float32, ≥ 0; whole numbers and masks are copied
 * @throws {RangeError} naming the tensor where a value is not finite; for counts out of range, a missing key, labels out of range
 * @throws {ShapeError} when there is no example, or logits are not `[n, classes]`
 * @see Matena and Raffel 2022, "Merging Models with Fisher-Weighted Averaging", arXiv:2111.09832, section 3
 */
export async function diagonalFisher(options: DiagonalFisherOptions): Promise<StateDict> {
  const {
    params,
    apply,
    inputs,
    labels = 'exact',
    key,
    samples = 1,
    chunkSize = 64,
    signal,
    onProgress,
  } = options;
  checkCount(where, 'chunkSize', chunkSize);
  checkCount(where, 'samples', samples);
  const { classes, layers } = lookAtLayers(where, apply, params, inputs);
  const count = inputs.shape[0]!;
  if (typeof labels !== 'string') await checkLabels(labels, count, classes);
  else if (labels === 'sampled' && !key) {
    throw new RangeError(`${where}: expected a key to draw labels with, received none`);
  }

  const { trainable = () => true } = options;
  const wanted = Object.keys(params).filter((name) => isFloat(params[name]!) && trainable(name));
  const quick = layers.filter(({ path }) => namesOf(path).some((name) => wanted.includes(name)));
  const slow = wanted.filter((name) => !quick.some(({ path }) => namesOf(path).includes(name)));
  const mode = typeof labels === 'string' ? labels : 'given';
  const formsNone = slow.length === 0 && quick.every(seesRows);
  const rows = formsNone ? chunkSize : Math.max(1, Math.floor(chunkSize / countOf(mode, classes, samples)));
  // Which labels: their numbers, or for each draw a key of its own.
  const chosen =
    mode === 'given' ? (labels as Tensor) : mode === 'sampled' ? randomBits(key!, [count, samples, 2]) : null;

  const step = stepOf(apply);
  const pace = pacer(signal);
  let total = mapTensors(pick(params, wanted), (w) => zeros(w.shape));
  try {
    for (let from = 0; from < count; from += rows) {
      await pace();
      const to = Math.min(count, from + rows);
      total = tidy(() => {
        const part = (t: Tensor): Tensor => slice(t, [from], [to]);
        return step(total, params, part(inputs), chosen && part(chosen), { mode, quick, slow });
      });
      onProgress?.({ done: to, total: count, label: 'examples' });
    }
    const values = await Promise.all(wanted.map((name) => total[name]!.data()));
    values.forEach((list, i) => checkFinite(wanted[i]!, list));
    return mapTensors(params, (w, name) =>
      total[name] ? mul(total[name], 1 / count) : isFloat(w) ? zeros(w.shape) : copy(w),
    );
  } finally {
    dispose(total);
    if (mode === 'sampled') dispose(chosen);
  }
}

const where = 'diagonalFisher';
const namesOf = (path: string): string[] => [`${path}.weight`, `${path}.bias`];
const pick = (params: StateDict, names: readonly string[]): StateDict =>
  stateDict(names.map((name): [string, Tensor] => [name, params[name]!]));

/** What is part of a compiled step. */
interface Plan {
  readonly mode: LabelMode;
  readonly quick: readonly QuickLayer[];
  readonly slow: readonly string[];
}

type Step = Jitted<[StateDict, StateDict, Tensor, Tensor | null, Plan], StateDict>;
const compiled = new WeakMap<ApplyFunction, Step>();

/** Adds the squared gradients of a chunk to the total; compiled once for each `apply`. */
function stepOf(apply: ApplyFunction): Step {
  let step = compiled.get(apply);
  if (step) return step;
  const add_ = (
    total: StateDict,
    params: StateDict,
    x: Tensor,
    chosen: Tensor | null,
    plan: Plan,
  ): StateDict => {
    const { mode, quick, slow } = plan;
    const cotangents = (logits: Tensor): Tensor => labelGradients(mode, logits, chosen);
    const logitsOf = (weights: StateDict, example: Tensor): Tensor =>
      squeeze(apply({ ...params, ...weights }, expandDims(example, 0)), 0);
    const part = {
      ...(quick.length > 0 && squaredGradientsOfLayers(apply, params, quick, x, cotangents)),
      ...(slow.length > 0 && squaredGradients(logitsOf, pick(params, slow), x, cotangents(apply(params, x)))),
    };
    return mapTensors(total, (t, name) => add(t, part[name]!));
  };
  step = jit(add_, { donate: [0], static: [4], name: where });
  compiled.set(apply, step);
  return step;
}

async function checkLabels(labels: Tensor, count: number, classes: number): Promise<void> {
  if (labels.dtype !== 'int32') {
    throw new DTypeError({ where, expected: 'int32 labels', received: labels.dtype });
  }
  if (labels.shape.join() !== String(count)) {
    throw new ShapeError({
      where,
      expected: `labels of shape [${count}], one per example`,
      received: `[${labels.shape.join(', ')}]`,
    });
  }
  const list = await labels.data();
  const bad = list.findIndex((label) => label < 0 || label >= classes);
  if (bad >= 0) {
    throw new RangeError(
      `${where}: expected labels from 0 to ${classes - 1}, the classes of the model, received ${list[bad]} for example ${bad}`,
    );
  }
}

function checkFinite(name: string, values: ArrayLike<number>): void {
  for (let j = 0; j < values.length; j++) {
    if (!Number.isFinite(values[j])) {
      throw new RangeError(
        `${where}: expected finite Fisher information, received ${values[j]} in ${JSON.stringify(name)}[${j}]`,
      );
    }
  }
}
