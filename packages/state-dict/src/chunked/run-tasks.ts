import { dtypeBits } from '@weightloom/checkpoint';
import type { ChunkedSink, ChunkedTask } from './chunked-task.js';
import { bytesPerElement, elementsOf, planSteps, type Step } from './internal/plan-steps.js';
import { planMemory } from './internal/plan-memory.js';
import type { Scratch } from './internal/scratch.js';
import type { TensorWorkOptions } from './internal/tensor-work.js';
import { createWriteQueue } from './internal/write-queue.js';

export interface RunTasksOptions extends TensorWorkOptions {
  /** Most bytes that chunks take, read and written together (default 256 MiB); a block is never split. */
  readonly memoryLimit?: number;
  /** Let NaN and infinities through (default `false`: refuse them in inputs and in results). */
  readonly allowNonFinite?: boolean;
  /** Round F64 inputs to float32 (default `false`: refuse values that float32 does not hold). */
  readonly allowLoss?: boolean;
  /** What is being done, put in front of messages. */
  readonly where?: string;
  /** Called after each chunk: input bytes done and in total, and the tensor's name. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes tensors chunk by chunk: reads ahead while it computes, and writes behind.
 *
 * Tensors are made in the order given, those of one method of scope `'model'` together. A tensor that fits into the
 * limit is read once, a larger one once for every pass of its method. The bytes made do not depend on the limit.
 *
 * @throws {StateDictError} naming input, tensor and element for NaN and infinity, and for copies that differ
 */
export async function runTasks(
  tasks: readonly ChunkedTask[],
  sink: ChunkedSink,
  options: RunTasksOptions = {},
): Promise<void> {
  const { signal, onProgress } = options;
  const memory = planMemory(tasks, options);
  const queue = createWriteQueue(sink, memory.output);
  const steps = planSteps(tasks, queue, memory, options);
  const progress = countProgress(tasks, onProgress);
  let reading: Promise<Uint8Array[]> | undefined;
  try {
    signal?.throwIfAborted();
    let current = steps.next();
    for (let i = 0; !current.done; i++) {
      const step = current.value;
      const data = await (reading ?? readChunk(step, memory.slabs[i % 2]!, signal));
      signal?.throwIfAborted();
      current = steps.next();
      // The next chunk goes into the other slab while this one is worked on.
      reading = current.done ? undefined : readChunk(current.value, memory.slabs[(i + 1) % 2]!, signal);
      reading?.catch(() => undefined);
      await step.act(data);
      progress(step);
    }
    await queue.flush();
  } catch (error) {
    await Promise.allSettled([reading, queue.flush()]);
    throw error;
  }
}

function readChunk({ task, begin, end }: Step, slab: Scratch, signal?: AbortSignal): Promise<Uint8Array[]> {
  return Promise.all(
    task.inputs.map((source, i) =>
      source.read(begin, end, slab(i, ((end - begin) * dtypeBits[source.dtype]) / 8), signal),
    ),
  );
}

/** Counts a tensor's bytes when they are read the last time, so that the total is known before any method starts. */
function countProgress(
  tasks: readonly ChunkedTask[],
  onProgress: RunTasksOptions['onProgress'],
): (step: Step) => void {
  const total = tasks.reduce((sum, task) => sum + elementsOf(task) * bytesPerElement(task), 0);
  let done = 0;
  return ({ task, begin, end, writes }) => {
    if (writes) done += (end - begin) * bytesPerElement(task);
    onProgress?.({ done, total, label: task.name });
  };
}
