/** What examples on handwritten digits share: the data and its variants, training, accuracy. */
import {
  accuracy,
  adam,
  type Dataset,
  type DatasetSplit,
  evaluate,
  fit,
  loadDigits,
  type Loss,
  type Model,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import { foldIn, generator, type Key, take, type Tensor, tensor } from '@weightloom/tensor-gpu';

/** The 1797 digits by key: 1100 to train on, 300 to choose by, 397 to test. */
export const splitDigits = (key: Key): Promise<DatasetSplit> =>
  loadDigits({ key: foldIn(key, 'data'), validation: 300 / 1797, test: 397 / 1797 });

/** The examples of `data` at `rows`, in that order. */
export function pick(data: Dataset, rows: readonly number[] | Int32Array): Dataset {
  const index = tensor(Int32Array.from(rows));
  return { inputs: take(data.inputs, index), targets: take(data.targets, index) };
}

/** Examples `from` to `to` (exclusive). */
export const rowsOf = (data: Dataset, from: number, to: number): Dataset =>
  pick(
    data,
    Int32Array.from({ length: to - from }, (_, i) => from + i),
  );

/** The examples cut into batches of `size`, the last as large as what is left. */
export const batchesOf = (data: Dataset, size: number): Dataset[] =>
  Array.from({ length: Math.ceil(data.inputs.shape[0]! / size) }, (_, i) =>
    rowsOf(data, i * size, Math.min(data.inputs.shape[0]!, (i + 1) * size)),
  );

/** The rows of each step, `size` of them, in a new order every pass over `count`. */
export function rowsOfStep(key: Key, count: number, size: number): (step: number) => Tensor {
  const stepsPerEpoch = Math.floor(count / size);
  let known = -1;
  let order = new Int32Array(0);
  return (step) => {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (epoch !== known) order = Int32Array.from(generator(foldIn(key, epoch)).permutation(count));
    known = epoch;
    const start = (step % stepsPerEpoch) * size;
    return tensor(order.slice(start, start + size));
  };
}

/** The examples that show one of `classes`. */
export async function ofClasses(data: Dataset, classes: readonly number[]): Promise<Dataset> {
  const labels = Array.from(await data.targets.data());
  return pick(
    data,
    labels.flatMap((label, row) => (classes.includes(label) ? [row] : [])),
  );
}

/**
 * The same labels with other pictures.
 *
 * @param change - from and to pixels in [0, 1], shape `[n, 64]`, row after row; the functions of
 *   `@weightloom/datasets` fit: `(pictures) => rotateDigits(pictures, { degrees: 30 })`
 */
export async function changed(
  data: Dataset,
  change: (pictures: Float32Array) => Float32Array,
): Promise<Dataset> {
  const pictures = change(Float32Array.from(await data.inputs.data()));
  return { inputs: tensor(pictures, data.inputs.shape), targets: data.targets };
}

export interface TrainOptions {
  readonly model: Pick<Model, 'apply'> & Partial<Model>;
  readonly data: Dataset;
  /** Where to start; survives. Default: a new network. */
  readonly params?: StateDict;
  readonly epochs: number;
  /** Of Adam; default 1e-3. */
  readonly learningRate?: number;
  /** Default cross-entropy. */
  readonly loss?: Loss;
  readonly trainable?: (name: string) => boolean;
  readonly key: Key;
  readonly signal?: AbortSignal;
  /** Three steps in place of all. */
  readonly quick?: boolean;
}

/** Trains with Adam, 64 examples a step. */
export async function train({ epochs, learningRate = 1e-3, quick, ...options }: TrainOptions) {
  const { params } = await fit({
    loss: softmaxCrossEntropy,
    ...options,
    optimizer: adam({ learningRate }),
    ...(quick ? { steps: 3 } : { epochs }),
    batchSize: 64,
  });
  return params;
}

/** The share of `data` that a model gets right, in percent. */
export const percentRight = async (
  model: Pick<Model, 'apply'>,
  params: StateDict,
  data: Dataset,
): Promise<number> => 100 * (await evaluate({ model, params, data, metrics })).accuracy;

const metrics = { accuracy };
