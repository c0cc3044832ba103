import { foldIn, type Tensor } from '@weightloom/tensor-gpu';
import { isBatchSource } from '../data/batch-source.js';
import type { FitOptions } from './fit-options.js';
import type { RunRecord } from './training-snapshot.js';
import type { TrainState } from './train-step.js';

const SAMPLED_STEPS = [0, 1, 10, 100, 1_000, 10_000, 100_000];

/** What makes a run the same run, as JSON by name: a snapshot of another is refused. Lengths of runs may differ. */
export async function runIdentity(
  options: FitOptions,
  { trainable }: TrainState,
): Promise<RunRecord['options']> {
  const { data, schedule } = options;
  const source = isBatchSource(data);
  const sample = source ? data.batch(0, foldIn(foldIn(options.key, 'batch'), 0)) : data;
  const identity = {
    model: options.model.config ?? null,
    optimizer: options.optimizer.config ?? null,
    schedule: schedule ? SAMPLED_STEPS.map((step) => schedule(step)) : null,
    key: [...(await options.key.data())],
    batchSize: source ? null : (options.batchSize ?? 64),
    dropLast: options.dropLast ?? false,
    shuffle: options.shuffle ?? true,
    microBatches: options.microBatches ?? 1,
    augment: options.augment !== undefined,
    sam: options.sam ?? null,
    trainable: Object.keys(trainable).sort(),
    data: [await fingerprint(sample.inputs), await fingerprint(sample.targets)],
  };
  if (source) for (const t of [sample.inputs, sample.targets]) t.dispose();
  return identity;
}

/** Shape, dtype and an FNV-1a hash of the values. */
async function fingerprint(t: Tensor): Promise<string> {
  const values = await t.data();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${t.dtype}[${t.shape.join(', ')}]:${(hash >>> 0).toString(16)}`;
}
