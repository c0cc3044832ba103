import { dtypeBits } from '@weightloom/checkpoint';
import type { ChunkedTask } from '../chunked-task.js';
import type { RunTasksOptions } from '../run-tasks.js';
import { createCore, roomFor } from './core.js';
import { blockOf, elementsOf, largestChunk, tensorOf } from './plan-steps.js';
import { createScratch, type Scratch } from './scratch.js';

/** All memory of a run: what is read, worked on and written. */
export interface RunMemory {
  /** Two, to read into one while the other is worked on; a slot for each input. */
  readonly slabs: readonly [Scratch, Scratch];
  /** Two slots, to write one while the other is filled. */
  readonly output: Scratch;
  /** Blocks in float32: a slot for each input, then one for the result. */
  readonly blocks: Scratch;
  /** What methods asked for beside that, in slot 0. */
  readonly workspace: Scratch;
}

/** Elements in all tensors together from which on a core is worth its while. */
const WORTH_A_CORE = 2 ** 18;

/** Lays out the memory of a run, in a core where the work is large and there is room. */
export function planMemory(tasks: readonly ChunkedTask[], options: RunTasksOptions): RunMemory {
  const slabs: number[] = [];
  const blocks: number[] = [];
  let output = 0;
  let workspace = 0;
  let elements = 0;
  for (const task of tasks) {
    const chunk = largestChunk(task, options);
    const block = task.method ? 4 * Math.min(blockOf(task), elementsOf(task)) : 0;
    task.inputs.forEach(({ dtype }, i) => {
      slabs[i] = Math.max(slabs[i] ?? 0, (chunk * dtypeBits[dtype]) / 8);
      blocks[i] = Math.max(blocks[i] ?? 0, block);
    });
    // The result's slot comes after the inputs, whose number differs from task to task.
    blocks[task.inputs.length] = Math.max(blocks[task.inputs.length] ?? 0, block);
    output = Math.max(output, (chunk * dtypeBits[task.dtype]) / 8);
    workspace = Math.max(workspace, task.method?.workspace?.(tensorOf(task)) ?? 0);
    elements += elementsOf(task);
  }
  const outputs = [output, output];
  const room = roomFor([...slabs, ...slabs, ...outputs, ...blocks, workspace]);
  const core = elements >= WORTH_A_CORE ? createCore(room) : undefined;
  return {
    slabs: [createScratch(core, slabs), createScratch(core, slabs)],
    output: createScratch(core, outputs),
    blocks: createScratch(core, blocks),
    workspace: createScratch(core, [workspace]),
  };
}
