import { dtypeBits } from '@weightloom/checkpoint';
import type { ChunkedMethod, ChunkedTensor } from '../chunked-method.js';
import type { ChunkedTask } from '../chunked-task.js';
import type { RunTasksOptions } from '../run-tasks.js';
import { blockLength } from './block-length.js';
import { checkEqualBytes } from './check-equal-bytes.js';
import { TensorWork, type WorkMemory } from './tensor-work.js';
import type { WriteQueue } from './write-queue.js';

/** A chunk to be read, and what to do with it. */
export interface Step {
  readonly task: ChunkedTask;
  readonly begin: number;
  readonly end: number;
  /** Whether it is the last reading, whose result is written. */
  readonly writes: boolean;
  act(data: readonly Uint8Array[]): Promise<void> | void;
}

/**
 * Elements in a chunk where more would gain nothing: enough for a disk at full speed, few enough to read the next, to
 * compute and to write at the same time.
 */
const PIPELINE_ELEMENTS = 2 ** 21;

const DEFAULT_MEMORY_LIMIT = 256 * 2 ** 20;

export const elementsOf = ({ inputs }: ChunkedTask): number =>
  inputs[0]!.shape.reduce((n, size) => n * size, 1);

export const tensorOf = (task: ChunkedTask): ChunkedTensor => ({
  name: task.name,
  shape: task.inputs[0]!.shape,
  size: elementsOf(task),
});

/** Bytes of all inputs for one element of the output. */
export const bytesPerElement = ({ inputs }: ChunkedTask): number =>
  inputs.reduce((sum, { dtype }) => sum + dtypeBits[dtype] / 8, 0);

/** Every chunk to be read, in order. A method starts when the first chunk of its tensor is asked for. */
export function* planSteps(
  tasks: readonly ChunkedTask[],
  queue: WriteQueue,
  memory: WorkMemory,
  options: RunTasksOptions,
): Generator<Step, void> {
  for (const { method, members } of groups(tasks)) {
    if (method) yield* methodSteps(method, members, queue, memory, options);
    else for (const task of members) yield* copySteps(task, queue, options);
  }
}

interface Group {
  readonly method: ChunkedMethod | undefined;
  readonly members: ChunkedTask[];
}

function groups(tasks: readonly ChunkedTask[]): Group[] {
  const found: Group[] = [];
  const models = new Map<ChunkedMethod, Group>();
  for (const task of tasks) {
    const { method } = task;
    const known = method && models.get(method);
    if (known) known.members.push(task);
    else {
      const group = { method, members: [task] };
      found.push(group);
      if (method?.scope === 'model') models.set(method, group);
    }
  }
  return found;
}

function* copySteps(task: ChunkedTask, queue: WriteQueue, options: RunTasksOptions): Generator<Step, void> {
  const size = dtypeBits[task.dtype] / 8;
  for (const [begin, end] of chunks(task, 8, options)) {
    yield {
      task,
      begin,
      end,
      writes: true,
      act: (data) => {
        checkEqualBytes(task, data, begin, options.where);
        return queue.write(task.name, (end - begin) * size, (bytes) => bytes.set(data[0]!));
      },
    };
  }
}

function* methodSteps(
  method: ChunkedMethod,
  members: readonly ChunkedTask[],
  queue: WriteQueue,
  memory: WorkMemory,
  options: RunTasksOptions,
): Generator<Step, void> {
  const works = members
    .map((task) => {
      const tensor = tensorOf(task);
      return new TensorWork(task, tensor, blockLength(method.granularity, tensor), options, memory);
    })
    .sort((a, b) => (a.tensor.name < b.tensor.name ? -1 : 1));
  const program = method.begin(works.map(({ tensor }) => tensor));
  const passes = program.passes ?? [];
  const emit = (work: TensorWork, data: readonly Uint8Array[], begin: number, end: number) => {
    const { name, dtype } = work.task;
    return queue.write(name, ((end - begin) * dtypeBits[dtype]) / 8, (bytes) =>
      work.emit(program, data, begin, end, bytes),
    );
  };

  const [first] = works;
  if (works.length === 1 && passes.length > 0 && first!.tensor.size <= mostElements(first!.task, options)) {
    // The tensor fits whole: it is read once, for all passes.
    const end = first!.tensor.size;
    const act = (data: readonly Uint8Array[]) => {
      for (const [i, pass] of passes.entries()) {
        first!.reduce(pass, data, 0, end, i === 0);
        pass.finish?.();
      }
      return emit(first!, data, 0, end);
    };
    yield { task: first!.task, begin: 0, end, writes: true, act };
    return;
  }
  for (const [i, pass] of passes.entries()) {
    for (const work of works) {
      for (const [begin, end] of chunks(work.task, work.blockLength, options)) {
        const isLast = work === works.at(-1) && end === work.tensor.size;
        const act = (data: readonly Uint8Array[]) => {
          work.reduce(pass, data, begin, end, i === 0);
          if (isLast) pass.finish?.();
        };
        yield { task: work.task, begin, end, writes: false, act };
      }
    }
  }
  for (const work of works) {
    for (const [begin, end] of chunks(work.task, work.blockLength, options)) {
      yield { task: work.task, begin, end, writes: true, act: (data) => emit(work, data, begin, end) };
    }
  }
}

/** How many elements of a task fit, with two chunks being read or worked on and two being written. */
function mostElements(
  task: ChunkedTask,
  { memoryLimit = DEFAULT_MEMORY_LIMIT }: Pick<RunTasksOptions, 'memoryLimit'>,
): number {
  return Math.floor(memoryLimit / bytesAtWork(task));
}

/** Bytes in memory for each element of a chunk. */
const bytesAtWork = (task: ChunkedTask): number => 2 * (bytesPerElement(task) + dtypeBits[task.dtype] / 8);

/**
 * Most bytes that chunks take at a time while these tensors are made.
 *
 * Blocks come on top of it, a few hundred kilobytes; with methods of granularity `'tensor'`, whole tensors in float32.
 */
export function workingMemory(
  tasks: readonly ChunkedTask[],
  options: Pick<RunTasksOptions, 'memoryLimit'> = {},
): number {
  return Math.max(0, ...tasks.map((task) => largestChunk(task, options) * bytesAtWork(task)));
}

/** Most elements of a task that are read at a time. */
export function largestChunk(task: ChunkedTask, options: Pick<RunTasksOptions, 'memoryLimit'>): number {
  const size = elementsOf(task);
  if (task.method && size <= mostElements(task, options)) return size;
  return Math.min(size, chunkLength(task, blockOf(task), options));
}

/** Elements in a block of a task; copies have none, but keep bytes of narrow dtypes whole. */
export function blockOf(task: ChunkedTask): number {
  const { method } = task;
  return method ? blockLength(method.granularity, tensorOf(task)) : 8;
}

/** Elements in a chunk: whole blocks, as many as fit and are of use. */
function chunkLength(
  task: ChunkedTask,
  block: number,
  options: Pick<RunTasksOptions, 'memoryLimit'>,
): number {
  const wanted = Math.min(PIPELINE_ELEMENTS, mostElements(task, options));
  return Math.max(1, block, Math.floor(wanted / block) * block || 0);
}

/** Ranges of elements that end where a block ends; one empty range for an empty tensor. */
function* chunks(task: ChunkedTask, block: number, options: RunTasksOptions): Generator<[number, number]> {
  const size = elementsOf(task);
  const length = chunkLength(task, block, options);
  for (let begin = 0; begin === 0 || begin < size; begin += length)
    yield [begin, Math.min(size, begin + length)];
}
