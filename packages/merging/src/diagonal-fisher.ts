import type { LongWorkOptions } from '@weightloom/nn';
import { isFloat, mapTensors, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  categorical,
  copy,
  dispose,
  DTypeError,
  expandDims,
  eye,
  jit,
  type Jitted,
  type Key,
  logSoftmax,
  mul,
  oneHot,
  randomBits,
  ShapeError,
  slice,
  softmax,
  sqrt,
  squeeze,
  take,
  type Tensor,
  tensor,
  tidy,
  vmap,
  zeros,
} from '@weightloom/tensor-gpu';
import type { ApplyFunction } from './ensemble.js';
import { checkCount } from './internal/check-number.js';
import { pacer } from './internal/pacer.js';
import { type RowLayer, squaredGradients, squaredGradientsOfLayers } from './internal/squared-gradients.js';

export interface DiagonalFisherOptions extends LongWorkOptions {
  /** The weights `θ`. */
  readonly params: StateDict;
  /**
   * Logits `[n, classes]` for inputs `[n, …]`, made of tensor operations; no example may depend on another. Pass the context on,
   * `(params, x, ctx) => model.apply(params, x, ctx)`, and linear layers take the quick way: no gradient of a single example is
   * formed for them.
   */
  readonly apply: ApplyFunction;
  /** The examples, `[n, …]` with n ≥ 1. */
  readonly inputs: Tensor;
  /**
   * Whose gradients are squared:
   * - `'exact'` (default): those of every class, weighted by its probability; a backward pass for each class;
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
  const { classes, layers } = look(apply, params, inputs);
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
  const perExample = { exact: classes, sampled: samples, given: 1 }[mode];
  const rows = slow.length === 0 ? chunkSize : Math.max(1, Math.floor(chunkSize / perExample));
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
  readonly mode: 'exact' | 'sampled' | 'given';
  readonly quick: readonly RowLayer[];
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
    const cotangents = cotangentsOf(mode, apply(params, x), chosen);
    const outputs = (weights: StateDict, example: Tensor): Tensor =>
      squeeze(logSoftmax(apply({ ...params, ...weights }, expandDims(example, 0))), 0);
    const part = {
      ...(quick.length > 0 && squaredGradientsOfLayers(apply, logSoftmax, params, quick, x, cotangents)),
      ...(slow.length > 0 && squaredGradients(outputs, pick(params, slow), x, cotangents)),
    };
    return mapTensors(total, (t, name) => add(t, part[name]!));
  };
  step = jit(add_, { donate: [0], static: [4], name: where });
  compiled.set(apply, step);
  return step;
}

/** For each example, which sums of log-probabilities to take gradients of: `[n, K, classes]`. */
function cotangentsOf(mode: Plan['mode'], logits: Tensor, chosen: Tensor | null): Tensor {
  const classes = logits.shape[1]!;
  if (mode === 'exact') return mul(expandDims(sqrt(softmax(logits)), 2), eye(classes)); // √p eₖ, to be squared
  if (mode === 'given') return expandDims(oneHot(chosen!, classes), 1);
  const draw = vmap((z: Tensor, keys: Tensor) => vmap((k: Tensor) => categorical(k, z))(keys));
  return mul(oneHot(draw(logits, chosen!), classes), 1 / Math.sqrt(chosen!.shape[1]!));
}

/** Tries the model on two rows: how many classes there are, and which linear layers see one row for each example. */
function look(
  apply: ApplyFunction,
  params: StateDict,
  inputs: Tensor,
): { classes: number; layers: readonly RowLayer[] } {
  if (inputs.rank === 0 || inputs.shape[0] === 0) {
    throw new ShapeError({
      where,
      expected: 'inputs of shape [n, …] with n ≥ 1',
      received: `[${inputs.shape.join(', ')}]`,
    });
  }
  const uses = new Map<string, number>();
  const layers: RowLayer[] = [];
  const shape = tidy(() => {
    const two = take(inputs, tensor(Int32Array.of(0, inputs.shape[0]! - 1)));
    const logits = apply(params, two, {
      linear: (path, x, weight, bias) => {
        uses.set(path, (uses.get(path) ?? 0) + 1);
        const own = weight === params[`${path}.weight`] && bias === params[`${path}.bias`];
        if (own && x.rank === 2 && x.shape[0] === 2) layers.push({ path, outputs: weight.shape[0]! });
        return undefined;
      },
    });
    return logits.shape;
  });
  if (shape.length !== 2 || shape[0] !== 2) {
    throw new ShapeError({
      where,
      expected: 'logits of shape [2, classes] for two examples',
      received: `[${shape.join(', ')}]`,
    });
  }
  return { classes: shape[1]!, layers: layers.filter(({ path }) => uses.get(path) === 1) };
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
