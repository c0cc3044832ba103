import { foldIn, generator, type Key, take, tensor } from '@weightloom/tensor-gpu';
import { checkFraction, refuse } from '../internal/checks.js';
import { countExamples, type Dataset } from './dataset.js';

export interface SplitOptions {
  /** Decides which example goes where. */
  readonly key: Key;
  /** Share of the examples for choosing, in [0, 1); default 0.1. */
  readonly validation?: number;
  /** Share of the examples for the last test, in [0, 1); default 0.2. */
  readonly test?: number;
}

export interface DatasetSplit {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/**
 * Shuffles by key and cuts into three parts; sizes are rounded, `train` gets the rest. The same key gives the same parts.
 *
 * @throws {RangeError} when a share is outside [0, 1) or nothing is left to train on
 */
export function splitDataset(
  data: Dataset,
  { key, validation = 0.1, test = 0.2 }: SplitOptions,
): DatasetSplit {
  const count = countExamples('splitDataset', data);
  checkFraction('splitDataset', 'validation', validation);
  checkFraction('splitDataset', 'test', test);
  const [held, last] = [Math.round(count * validation), Math.round(count * test)];
  const first = count - held - last;
  if (first < 1)
    refuse(
      'splitDataset',
      'at least one example left for training',
      `${count} examples, ${held} and ${last} taken`,
    );
  const order = generator(foldIn(key, 'splitDataset')).permutation(count);
  const part = (from: number, to: number): Dataset => {
    const rows = tensor(order.slice(from, to));
    return { inputs: take(data.inputs, rows), targets: take(data.targets, rows) };
  };
  return {
    train: part(0, first),
    validation: part(first, first + held),
    test: part(first + held, count),
  };
}
