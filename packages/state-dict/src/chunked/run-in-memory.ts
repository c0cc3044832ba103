import { assertSameStructure } from '../assert-same-structure.js';
import { fromTensors } from '../from-tensors.js';
import type { StateDict } from '../state-dict.js';
import { toTensors } from '../to-tensors.js';
import type { ChunkedMethod } from './chunked-method.js';
import { isComputed } from './is-computed.js';
import { rawTensorSource } from './raw-tensor-source.js';
import { runTasks, type RunTasksOptions } from './run-tasks.js';

export interface RunInMemoryOptions extends RunTasksOptions {
  /** What to call the inputs in messages (default `models[0]`, `models[1]`, …). */
  readonly labels?: readonly string[];
}

/**
 * Runs a method over state dicts.
 *
 * @param inputs - at least one; same names, shapes and dtypes; left unchanged
 * @returns a new state dict with the structure of the inputs; whole numbers and masks are copied from the first input
 * @throws {RangeError} without inputs
 * @throws {StateDictError} naming a tensor that is missing, not finite, or a whole-number tensor that differs
 * @throws {ShapeError} and {DTypeError} naming the tensor and both shapes or dtypes
 */
export async function runInMemory(
  method: ChunkedMethod,
  inputs: readonly StateDict[],
  options: RunInMemoryOptions = {},
): Promise<StateDict> {
  const where = method.name;
  if (inputs.length === 0) throw new RangeError(`${where}: expected at least one model, received none`);
  const labels = inputs.map((_, i) => options.labels?.[i] ?? `models[${i}]`);
  assertSameStructure(inputs, { where, labels });
  const raws = await Promise.all(inputs.map((dict) => fromTensors(dict)));
  const tasks = Object.entries(raws[0]!).map(([name, { dtype }]) => ({
    name,
    dtype,
    inputs: raws.map((raw, i) => rawTensorSource(raw[name]!, `${labels[i]!} ${JSON.stringify(name)}`)),
    method: isComputed(dtype) ? method : undefined,
  }));
  const out = Object.create(null) as (typeof raws)[0];
  const filled = new Map<string, number>();
  for (const { name } of tasks) {
    const { dtype, shape, bytes } = raws[0]![name]!;
    out[name] = { dtype, shape, bytes: new Uint8Array(bytes.length) };
  }
  const sink = {
    async write(name: string, bytes: Uint8Array) {
      const at = filled.get(name) ?? 0;
      out[name]!.bytes.set(bytes, at);
      filled.set(name, at + bytes.length);
    },
  };
  await runTasks(tasks, sink, { where, ...options });
  return toTensors(out, { storage: 'keep' });
}
