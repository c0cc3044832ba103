import {
  type Checkpoint,
  type CheckpointTarget,
  type CheckpointWriterOptions,
  createCheckpointWriter,
  type Dtype,
  type WrittenCheckpoint,
} from '@weightloom/checkpoint';
import { assertSameStructure, type Structure } from '../assert-same-structure.js';
import { checkpointTensorSource } from './checkpoint-tensor-source.js';
import type { ChunkedMethod } from './chunked-method.js';
import { isComputed } from './is-computed.js';
import { runTasks, type RunTasksOptions } from './run-tasks.js';

export interface RunChunkedOptions
  extends RunTasksOptions, Pick<CheckpointWriterOptions, 'metadata' | 'maxShardSize' | 'tied' | 'files'> {
  /** Where the result goes; nothing shows there under its final name before all is done. */
  readonly output: CheckpointTarget;
  /** What to call the inputs in messages (default `models[0]`, `models[1]`, …). */
  readonly labels?: readonly string[];
  /** Storage dtype of a floating tensor (default: as in the first input). */
  readonly dtype?: (name: string) => Dtype;
}

/**
 * Runs a method over open checkpoints and writes the result, in bounded memory.
 *
 * The same definition as `runInMemory`, and the same bits, whatever the memory limit and the shards. Whole numbers and
 * packed tensors are copied from the first input and must be equal in the others.
 *
 * @param inputs - at least one; same names and shapes; they stay open
 * @throws {StateDictError}, {@link ShapeError}, {@link CheckpointError} naming the tensor; no file is left then
 */
export async function runChunked(
  method: ChunkedMethod,
  inputs: readonly Checkpoint[],
  options: RunChunkedOptions,
): Promise<WrittenCheckpoint> {
  const where = method.name;
  const [first] = inputs;
  if (!first) throw new RangeError(`${where}: expected at least one checkpoint, received none`);
  const labels = inputs.map((_, i) => options.labels?.[i] ?? `models[${i}]`);
  assertSameStructure(inputs.map(structureOf), { where, labels, dtypes: false });
  const tasks = first.names.map((name) => {
    const { dtype, shape } = first.tensors.get(name)!;
    const computed = isComputed(dtype);
    return {
      name,
      shape,
      dtype: computed ? (options.dtype?.(name) ?? dtype) : dtype,
      inputs: inputs.map((checkpoint, i) =>
        checkpointTensorSource(checkpoint, name, `${labels[i]!} ${JSON.stringify(name)}`),
      ),
      method: computed ? method : undefined,
    };
  });
  const { output, metadata, maxShardSize, tied, files } = options;
  const writer = await createCheckpointWriter({
    target: output,
    tensors: tasks,
    metadata,
    maxShardSize,
    tied,
    files,
  });
  try {
    await runTasks(tasks, writer, { where, ...options });
    return await writer.close();
  } finally {
    await writer[Symbol.asyncDispose]();
  }
}

const structureOf = ({ tensors }: Checkpoint): Structure =>
  Object.assign(Object.create(null), Object.fromEntries(tensors)) as Structure;
