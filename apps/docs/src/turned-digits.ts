/** What examples of fine-tuning share: a network trained on digits, and the same digits turned by 90° as the new task. */
import { rotateDigits } from '@weightloom/datasets';
import {
  adam,
  type Dataset,
  fit,
  type FitResult,
  mlp,
  type Model,
  type Optimizer,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import { foldIn, type Key, normal, type Tensor, zeros } from '@weightloom/tensor-gpu';
import { changed, rowsOf, splitDigits, train } from './digits.js';

/** What a run is given by `repeat`. */
interface Run {
  readonly key: Key;
  readonly signal?: AbortSignal;
  readonly quick?: boolean;
}

/** A trained network, what it knows, and what it is to learn. */
export interface TurnedDigits {
  readonly model: Model;
  readonly base: StateDict;
  /** Upright digits to test on. */
  readonly source: Dataset;
  /** 400 turned digits to learn from. */
  readonly train: Dataset;
  /** Turned digits to test on. */
  readonly test: Dataset;
}

/** A multilayer perceptron as ours, that starts as He et al. advise: weights normal with variance 2 ÷ inputs, no bias. */
export function heMlp(sizes: readonly number[]): Model {
  const model = mlp({ sizes });
  const start = (key: Key, name: string, { shape }: Tensor): Tensor =>
    shape.length === 1 ? zeros(shape) : normal(foldIn(key, name), shape, 0, Math.sqrt(2 / shape[1]!));
  return {
    ...model,
    init: (key) =>
      Object.fromEntries(Object.entries(model.init(key)).map(([name, t]) => [name, start(key, name, t)])),
  };
}

/** Trains a multilayer perceptron with layers of the given `hidden` widths on upright digits. */
export function turnedDigits(hidden: readonly number[], run: Run): Promise<TurnedDigits> {
  return turnedDigitsFor(heMlp([64, ...hidden, 10]), run);
}

/** The same for any model that takes `[n, 64]`. */
export async function turnedDigitsFor(
  model: Model,
  { key, signal, quick, epochs = 18 }: Run & { readonly epochs?: number },
): Promise<TurnedDigits> {
  const turn = (data: Dataset): Promise<Dataset> =>
    changed(data, (pictures) => rotateDigits(pictures, { degrees: 90 }));
  const digits = await splitDigits(key);
  const base = await train({
    model,
    data: digits.train,
    epochs,
    key: foldIn(key, 'base'),
    signal,
    quick,
  });
  return {
    model,
    base,
    source: digits.test,
    train: await turn(rowsOf(digits.train, 0, 400)),
    test: await turn(digits.test),
  };
}

export interface FineTuneOptions extends Run {
  readonly model: Pick<Model, 'apply'>;
  readonly params: StateDict;
  readonly data: Dataset;
  readonly steps: number;
  /** Of Adam. */
  readonly learningRate?: number;
  /** Instead of Adam. */
  readonly optimizer?: Optimizer;
  /** Default: all. */
  readonly trainable?: (name: string) => boolean;
}

/** Fine-tunes, 64 examples a step; the weights it is given stay. */
export function fineTune({
  steps,
  learningRate = 1e-3,
  quick,
  ...options
}: FineTuneOptions): Promise<FitResult> {
  return fit({
    optimizer: adam({ learningRate }),
    ...options,
    loss: softmaxCrossEntropy,
    batchSize: 64,
    steps: quick ? 3 : steps,
  });
}

/** The mean loss of the last steps of a run: smoother than the last one. */
export function lastLoss({ losses }: Pick<FitResult, 'losses'>, steps = 10): number {
  const last = losses.slice(-steps);
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}
