import { foldIn, generator, type Key, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { type BatchSource, isBatchSource } from '../data/batch-source.js';
import { countExamples, type Dataset } from '../data/dataset.js';
import { checkCount } from '../internal/checks.js';

/** What a compiled step gets: whole tensors and the rows of this step, or a batch made for it. */
export interface FedBatch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  readonly index: Tensor | null;
}

/** One step's batch in parts to compute one after the other, each with its share of the rows. */
export interface FedStep {
  readonly parts: readonly { readonly batch: FedBatch; readonly share: number }[];
  /** Gives back what was made for this step. */
  release(): void;
}

export interface Feed {
  readonly stepsPerEpoch: number;
  at(step: number): FedStep;
}

export interface FeedOptions {
  readonly key: Key;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly shuffle: boolean;
  readonly microBatches: number;
}

/** The rows a compiled step computes with. */
export const rowsOf = ({ inputs, targets, index }: FedBatch): Dataset =>
  index ? { inputs: take(inputs, index), targets: take(targets, index) } : { inputs, targets };

/** Batches of a data set or source, step by step; the order of an epoch depends on key and epoch alone. */
export function createFeed(data: Dataset | BatchSource, options: FeedOptions): Feed {
  checkCount('fit', 'batchSize', options.batchSize);
  checkCount('fit', 'microBatches', options.microBatches);
  return isBatchSource(data) ? sourceFeed(data, options) : datasetFeed(data, options);
}

function sourceFeed(source: BatchSource, { key, microBatches }: FeedOptions): Feed {
  checkCount('fit', 'stepsPerEpoch', source.stepsPerEpoch);
  const batchKey = foldIn(key, 'batch');
  return {
    stepsPerEpoch: source.stepsPerEpoch,
    at: (step) => {
      const { inputs, targets } = source.batch(step, foldIn(batchKey, step));
      const count = countExamples(`fit (batch of step ${step})`, { inputs, targets });
      const pieces = cut(0, count, microBatches);
      const parts = pieces.map(({ from, to }) => ({
        batch: {
          inputs,
          targets,
          index:
            pieces.length === 1 ? null : tensor(Int32Array.from({ length: to - from }, (_, i) => from + i)),
        },
        share: (to - from) / count,
      }));
      return {
        parts,
        release: () => [inputs, targets, ...parts.map((p) => p.batch.index)].forEach((t) => t?.dispose()),
      };
    },
  };
}

function datasetFeed(data: Dataset, { key, batchSize, dropLast, shuffle, microBatches }: FeedOptions): Feed {
  const count = countExamples('fit', data);
  const rows = Math.min(batchSize, count);
  const stepsPerEpoch = dropLast ? Math.floor(count / rows) : Math.ceil(count / rows);
  let known = -1;
  let order = new Int32Array(0);
  return {
    stepsPerEpoch,
    at: (step) => {
      const [epoch, batch] = [Math.floor(step / stepsPerEpoch), step % stepsPerEpoch];
      if (epoch !== known) order = orderOf(count, shuffle, key, epoch);
      known = epoch;
      const [start, end] = [batch * rows, Math.min(count, (batch + 1) * rows)];
      const parts = cut(start, end, microBatches).map(({ from, to }) => ({
        batch: { inputs: data.inputs, targets: data.targets, index: tensor(order.subarray(from, to)) },
        share: (to - from) / (end - start),
      }));
      return { parts, release: () => parts.forEach((p) => p.batch.index.dispose()) };
    },
  };
}

/** At most `pieces` pieces of equal size, the last one smaller. */
function cut(start: number, end: number, pieces: number): { from: number; to: number }[] {
  const size = Math.ceil((end - start) / pieces);
  return Array.from({ length: Math.ceil((end - start) / size) }, (_, i) => ({
    from: start + i * size,
    to: Math.min(end, start + (i + 1) * size),
  }));
}

/** The rows of an epoch in the order they are used. */
function orderOf(count: number, shuffle: boolean, key: Key, epoch: number): Int32Array<ArrayBuffer> {
  if (!shuffle) return Int32Array.from({ length: count }, (_, i) => i);
  return generator(foldIn(foldIn(key, 'shuffle'), epoch)).permutation(count) as Int32Array<ArrayBuffer>;
}
