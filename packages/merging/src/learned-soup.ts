import { adamw, createTrainStep, type LongWorkOptions } from '@weightloom/nn';
import {
  assertSameStructure,
  type ChunkedMethod,
  combineInto,
  isFloat,
  mapTensors,
  runInMemory,
  type StateDict,
  stateDict,
} from '@weightloom/state-dict';
import {
  cast,
  dispose,
  matmul,
  reshape,
  slice,
  softmax,
  stack,
  type Tensor,
  zeros,
  ones,
} from '@weightloom/tensor-gpu';
import { checkCount, checkNumber } from './internal/check-number.js';
import { runSteps } from './internal/run-steps.js';

export interface LearnedSoupOptions<Batch> extends LongWorkOptions {
  /**
   * Loss of a soup on a batch of held-out data, a scalar made of tensor operations: `loss(params, batch, beta)`. `beta` is a
   * scalar to multiply the logits with, learned with the coefficients; a loss that leaves it out has none.
   */
  readonly loss: (params: StateDict, batch: Batch, beta: Tensor) => Tensor;
  /** The held-out data of one epoch, batch by batch; trees of tensors, at least one. */
  readonly batches: readonly Batch[];
  /**
   * What has coefficients of its own: the whole `'model'` (default), every `'tensor'` (what the reference code means by
   * "by layer"), or the tensors that a function gives the same name, such as `(name) => name.split('.')[1]`.
   */
  readonly by?: 'model' | 'tensor' | ((name: string) => string);
  /** Passes over the data (default 5). */
  readonly epochs?: number;
  /** Of AdamW, without weight decay (default 0.05). */
  readonly learningRate?: number;
}

export interface LearnedSoup {
  /** The soup. */
  readonly params: StateDict;
  /** For each group of tensors (`'all'` where coefficients are per model) one coefficient per model; they sum to 1. */
  readonly coefficients: Readonly<Record<string, readonly number[]>>;
  /** The factor of the logits; the soup works without it where only the largest logit counts. */
  readonly beta: number;
  /** The loss of every step, before its update. */
  readonly losses: readonly number[];
}

/**
 * Learned soup: mixes models with coefficients that gradient descent finds on held-out data.
 *
 * `min over A, β of Σ_batches loss(Σᵢ αᵢ wᵢ, batch, β)`, with `α = softmax(A)` over the models, one row of A for the whole
 * model or for each group of tensors. A starts at 0 (the uniform soup), β at 1; AdamW without weight decay. All models are held
 * in memory at once.
 *
 * @param models - at least two; same names, shapes and dtypes
 * @throws {RangeError} for fewer than two models, or no batch
 * @throws {DivergedError} for a loss that is not finite, naming the step
 * @throws {StateDictError}, {ShapeError}, {DTypeError} naming the tensor in which models differ
 * @see Wortsman et al. 2022, arXiv:2203.05482, appendix on learned soups; defaults are those of its reference code
 */
export async function learnedSoup<Batch>(
  models: readonly StateDict[],
  { loss, batches, by = 'model', epochs = 5, learningRate = 0.05, ...work }: LearnedSoupOptions<Batch>,
): Promise<LearnedSoup> {
  const where = 'learnedSoup';
  if (models.length < 2) {
    throw new RangeError(`${where}: expected at least two models, received ${models.length}`);
  }
  if (batches.length === 0) throw new RangeError(`${where}: expected at least one batch, received none`);
  checkCount(where, 'epochs', epochs);
  checkNumber(where, 'learningRate', learningRate, 0);
  assertSameStructure(models, { where });

  const groupOf = by === 'model' ? () => 'all' : by === 'tensor' ? (name: string) => name : by;
  const mixed = Object.keys(models[0]!).filter((name) => isFloat(models[0]![name]!));
  const groups = [...new Set(mixed.map(groupOf))].sort();
  const rowOf = (name: string): number => groups.indexOf(groupOf(name));

  const { init, step } = createTrainStep<{ stacked: StateDict; batch: Batch }>({
    objective: ({ mixture, beta }, { stacked, batch }) => {
      const alpha = softmax(mixture!, 1);
      const soup = mapTensors(models[0]!, (first, name) =>
        stacked[name]
          ? mix(slice(alpha, [rowOf(name)], [rowOf(name) + 1]), stacked[name], first.shape)
          : first,
      );
      return loss(soup, batch, beta!);
    },
    optimizer: adamw({ learningRate, weightDecay: 0 }),
  });
  const stacked = stateDict(
    mixed.map((name): readonly [string, Tensor] => [
      name,
      stack(models.map((model) => reshape(cast(model[name]!, 'float32'), [-1]))),
    ]),
  );
  let state = init({ mixture: zeros([groups.length, models.length]), beta: ones([]) });
  try {
    const losses = await runSteps(
      where,
      epochs * batches.length,
      (i) => {
        const next = step(state, { stacked, batch: batches[i % batches.length]! });
        state = next.state;
        return next;
      },
      work,
    );
    const { mixture, beta } = state.trainable;
    const alpha = softmax(mixture!, 1);
    const rows = Array.from(await alpha.data());
    dispose(alpha);
    const coefficients = Object.fromEntries(
      groups.map((group, g) => [group, normalized(rows.slice(g * models.length, (g + 1) * models.length))]),
    );
    const params = await runInMemory(
      mixMethod((name) => coefficients[groupOf(name)]!),
      models,
    );
    return { params, coefficients, beta: (await beta!.data())[0]!, losses };
  } finally {
    dispose([stacked, state.trainable, state.optimizer]);
  }
}

/** `Σᵢ αᵢ wᵢ` of one tensor: `[1, k] · [k, size]`. */
const mix = (alpha: Tensor, models: Tensor, shape: readonly number[]): Tensor =>
  reshape(matmul(alpha, models), shape);

/** Float32 coefficients sum to 1 up to rounding; models that are equal should stay as they are. */
function normalized(coefficients: readonly number[]): number[] {
  const sum = coefficients.reduce((total, value) => total + value, 0);
  return coefficients.map((value) => value / sum);
}

/** A weighted sum whose weights depend on the tensor. */
const mixMethod = (factorsOf: (name: string) => readonly number[]): ChunkedMethod => ({
  name: 'learnedSoup',
  granularity: 'element',
  begin: ([tensor]) => ({ emit: ({ inputs }, out) => combineInto(inputs, factorsOf(tensor!.name), out) }),
});
