import type { Key } from '@weightloom/tensor-gpu';
import type { Dataset } from './dataset.js';

/** Batches made as they are needed, e.g. windows of a text. The same step and key must give the same batch. */
export interface BatchSource {
  /** The batch of a step, counted from 0; whoever asked disposes its tensors. */
  batch(step: number, key: Key): Dataset;
  /** How many batches count as one epoch. */
  readonly stepsPerEpoch: number;
}

export const isBatchSource = (data: Dataset | BatchSource): data is BatchSource => 'batch' in data;
