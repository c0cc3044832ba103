import {
  type Checkpoint,
  type CheckpointSource,
  type CheckpointTarget,
  openCheckpoint,
  type WrittenCheckpoint,
} from '@weightloom/checkpoint';
import { runChunked, type RunChunkedOptions } from '@weightloom/state-dict';
import { createMethod } from './internal/create-method.js';
import type { MethodName, MethodOptions } from './methods.js';

export interface MergeCheckpointsOptions<Name extends MethodName = MethodName> extends Omit<
  RunChunkedOptions,
  'labels' | 'output'
> {
  /** A name of `methods`. */
  readonly method: Name;
  /** What to merge: anything that `openCheckpoint` takes, or open checkpoints, which stay open. */
  readonly models: readonly (CheckpointSource | Checkpoint)[];
  /** The model that the others were fine-tuned from, for the methods that need one. */
  readonly base?: CheckpointSource | Checkpoint;
  /** Options of the method; those that name weights or densities have one per model. */
  readonly parameters?: MethodOptions[Name];
  /** Where the result goes. */
  readonly output: CheckpointTarget;
}

/**
 * Merges checkpoints of any size by one method, in bounded memory.
 *
 * Tensors are read, merged and written chunk by chunk; the result has the names, shapes and (unless `dtype` says
 * otherwise) dtypes of the base, or of the first model. It appears under its name only when complete.
 *
 * @throws {RangeError} for an unknown method or parameter, or a wrong number of models
 * @throws {StateDictError}, {ShapeError}, {CheckpointError} naming the model and tensor at fault; nothing is left then
 */
export async function mergeCheckpoints<Name extends MethodName>(
  options: MergeCheckpointsOptions<Name>,
): Promise<WrittenCheckpoint> {
  return mergeOpened(options, (source) => openCheckpoint(source, { signal: options.signal }));
}

/** As {@link mergeCheckpoints}, with a way to open what is not open yet. */
export async function mergeOpened<Name extends MethodName, Source>(
  options: Omit<MergeCheckpointsOptions<Name>, 'models' | 'base'> & {
    readonly models: readonly (Source | Checkpoint)[];
    readonly base?: Source | Checkpoint;
  },
  open: (source: Source) => Promise<Checkpoint>,
): Promise<WrittenCheckpoint> {
  const { method: name, models, base, parameters = {}, ...rest } = options;
  const method = createMethod('mergeCheckpoints', {
    method: name,
    models: models.length,
    hasBase: base !== undefined,
    options: parameters,
  });
  const sources = base === undefined ? models : [base, ...models];
  const labels = [...(base === undefined ? [] : ['base']), ...models.map((_, i) => `models[${i}]`)];
  const opened: Checkpoint[] = [];
  try {
    const inputs: Checkpoint[] = [];
    for (const source of sources) {
      if (isOpen(source)) inputs.push(source);
      else {
        const checkpoint = await open(source);
        opened.push(checkpoint);
        inputs.push(checkpoint);
      }
    }
    return await runChunked(method, inputs, { ...rest, labels });
  } finally {
    await Promise.all(opened.map((checkpoint) => checkpoint.close()));
  }
}

function isOpen(source: unknown): source is Checkpoint {
  return typeof source === 'object' && source !== null && 'tensors' in source && 'readAll' in source;
}
