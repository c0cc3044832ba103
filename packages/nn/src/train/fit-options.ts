import type { BackendReport, Key } from '@weightloom/tensor-gpu';
import type { Augmentation } from '../augment/augmentation.js';
import type { BatchSource } from '../data/batch-source.js';
import type { Dataset } from '../data/dataset.js';
import type { LongWorkOptions } from '../internal/long-work.js';
import type { Loss } from '../losses/reduction.js';
import type { Model, StateDict } from '../model.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { SamOptions } from '../optimizers/sam.js';
import type { Schedule } from '../schedules/schedule.js';
import type { EarlyStoppingOptions } from './early-stopping.js';
import type { EpochRecord } from './epoch-record.js';
import type { Metrics } from './evaluate.js';
import type { TrainingStore } from './training-store.js';

export interface FitOptions extends LongWorkOptions {
  /** The network; `{ apply }` is enough when `params` is given. */
  readonly model: Pick<Model, 'apply'> & Partial<Model>;
  /** Where to start; copied once, so they survive. Default: `model.init` with a key derived from `key`. */
  readonly params?: StateDict;
  /** From outputs and targets of a batch to a scalar, a mean over its rows. */
  readonly loss: Loss;
  /** All examples, or a source of batches (then `batchSize`, `dropLast` and `shuffle` are its business). */
  readonly data: Dataset | BatchSource;
  readonly optimizer: Optimizer;
  /** Learning rate by step; default: the optimiser's own. */
  readonly schedule?: Schedule;
  /** Passes over the data; give this or `steps`. */
  readonly epochs?: number;
  /** Optimiser steps in all; give this or `epochs`. */
  readonly steps?: number;
  /** Rows a step; default 64, at most all of them. The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Leave out the smaller last batch of an epoch; default false. */
  readonly dropLast?: boolean;
  /** A new order of the rows every epoch, by `key`; default true. */
  readonly shuffle?: boolean;
  /**
   * Computes each batch in that many parts, one after the other, and adds their gradients: less memory, the same result up to rounding
   * (batch norm sees the parts). Default 1.
   */
  readonly microBatches?: number;
  /** Changes the inputs of every step, with a key of its own; compiled with the step. */
  readonly augment?: Augmentation;
  /** Sharpness-aware minimisation; not together with `microBatches`. */
  readonly sam?: SamOptions;
  /** Decides start, order, augmentation and dropout: the same key gives the same bits. */
  readonly key: Key;
  /** Which weights are trained, by name; default all but batch norm's running statistics. */
  readonly trainable?: (name: string) => boolean;
  /** Measured after every epoch with `metrics`. */
  readonly validation?: Dataset;
  /** For `validation`; default the loss alone, as `loss`. */
  readonly metrics?: Metrics;
  /** Called after every epoch; `params` are the live weights: copy what must survive the call. */
  readonly onEpoch?: (record: EpochRecord, params: StateDict) => void | Promise<void>;
  /** Stops when a metric no longer improves. */
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Saves a snapshot every so many steps and at the end; a run that finds one goes on from it, to the same bits. */
  readonly checkpoint?: CheckpointingOptions;
}

export interface CheckpointingOptions {
  readonly store: TrainingStore;
  /** Steps between two snapshots. */
  readonly every: number;
}

export interface FitResult {
  /** The trained weights (with early stopping: of the best epoch), in memory of their own. */
  readonly params: StateDict;
  /** The average kept by `trackEma` or `trackSwa` in the optimiser, if there is one. */
  readonly average?: StateDict;
  readonly history: readonly EpochRecord[];
  /** The loss of every step, before its update. */
  readonly losses: readonly number[];
  /** True when early stopping ended the run. */
  readonly stoppedEarly: boolean;
  /** What really computed. */
  readonly backend: BackendReport;
}
