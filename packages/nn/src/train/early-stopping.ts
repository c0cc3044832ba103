import { checkCount, checkNotNegative, refuse } from '../internal/checks.js';
import type { EpochRecord } from './epoch-record.js';

export interface EarlyStoppingOptions {
  /** Epochs without improvement before the run stops. */
  readonly patience: number;
  /** A metric on the validation data; default its `loss`, or without validation data the training loss. */
  readonly metric?: string;
  /** Whether small or large is better; default `min`. */
  readonly mode?: 'min' | 'max';
  /** How much counts as an improvement, at least 0; default 0. */
  readonly minDelta?: number;
  /** Gives back the weights of the best epoch instead of the last; default true. */
  readonly restoreBest?: boolean;
}

/** What a history says: the epoch to keep, counted from 1, and whether to go on. */
export interface StoppingVerdict {
  readonly best: number;
  readonly stop: boolean;
}

/** Judges a history by the options alone, so that a resumed run decides as the first would have. */
export function judge(history: readonly EpochRecord[], options: EarlyStoppingOptions): StoppingVerdict {
  const { patience, mode = 'min', minDelta = 0 } = options;
  let best = { epoch: 0, value: Infinity };
  for (const record of history) {
    const value = valueOf(record, options.metric) * (mode === 'min' ? 1 : -1);
    if (value < best.value - (best.epoch === 0 ? 0 : minDelta)) best = { epoch: record.epoch, value };
  }
  return { best: best.epoch, stop: history.length - best.epoch >= patience };
}

export function checkEarlyStopping({ patience, mode = 'min', minDelta = 0 }: EarlyStoppingOptions): void {
  checkCount('fit', 'patience', patience);
  checkNotNegative('fit', 'minDelta', minDelta);
  if (mode !== 'min' && mode !== 'max') refuse('fit', 'mode min or max', `"${String(mode)}"`);
}

function valueOf(record: EpochRecord, metric: string | undefined): number {
  if (metric === undefined) return record.validation?.loss ?? record.loss;
  const value = record.validation?.[metric];
  if (value === undefined) {
    refuse(
      'fit',
      `a validation metric named "${metric}" for early stopping`,
      Object.keys(record.validation ?? {}).join(', ') || 'none',
    );
  }
  return value;
}
