import { ShapeError } from '../errors.js';
import type { Executable, Slot } from '../executor.js';
import { type KernelStep, type Operand, type Program, type Step, writesOf } from '../lower/program.js';
import { type HostArray, hostArray } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { HOST_RESIDENT_ELEMENTS } from '../tensor/storage.js';
import type { GpuJsBuffer, GpuJsExecutor } from './executor.js';
import { fromFloats, toFloats } from './float-image.js';
import { handOver } from './hand-over.js';
import type { Pass, Ref } from './plan/pass.js';
import { nameOf, planStep } from './plan/plan-step.js';
import { isExact } from './plan/whole-numbers.js';

type Values = (HostArray | undefined)[];
type Call = (values: Values) => void;

/** A program as gpu.js kernels over host arrays, one step after the other. */
export class GpuJsExecutable implements Executable {
  readonly #executor: GpuJsExecutor;
  readonly #program: Program;
  readonly #calls: readonly Call[];
  readonly #labels: readonly string[];

  constructor(executor: GpuJsExecutor, program: Program) {
    this.#executor = executor;
    this.#program = program;
    const prepared = program.steps.flatMap((step) => {
      const call = this.#prepare(step);
      return call ? [{ call, label: labelOf(step) }] : [];
    });
    this.#calls = prepared.map((p) => p.call);
    this.#labels = prepared.map((p) => p.label);
  }

  describe(): string[] {
    return [...this.#labels];
  }

  run(inputs: readonly Slot[], donated: readonly boolean[]): Slot[] {
    const { buffers, inputs: inputBuffers, outputs } = this.#program;
    const values: Values = buffers.map(() => undefined);
    inputs.forEach((slot, i) => {
      const buffer = inputBuffers[i];
      if (buffer === undefined) return;
      const all = 'host' in slot ? slot.host : (slot.buffer as GpuJsBuffer).values;
      // A view may reach only part of an array.
      const { length } = buffers[buffer];
      values[buffer] = all.length > length ? all.subarray(0, length) : all;
    });
    for (const call of this.#calls) call(values);
    const results = outputs.map((buffer): Slot => {
      const { dtype, length } = buffers[buffer];
      const host = values[buffer] ?? hostArray(dtype, length);
      return length <= HOST_RESIDENT_ELEMENTS ? { host } : { buffer: this.#executor.upload(host) };
    });
    inputs.forEach((slot, i) => {
      if (donated[i] && 'buffer' in slot) this.#executor.free(slot.buffer);
    });
    return results;
  }

  /** A step over no element needs no call; one over no term has a known result. */
  #prepare(step: Step): Call | null {
    if (writesOf(step).every((o) => sizeOf(o.layout.shape) === 0)) return null;
    const constant = constantOf(step);
    if (constant !== null) {
      const { buffer, dtype, layout } = writesOf(step)[0];
      return (values) => (values[buffer] = hostArray(dtype, sizeOf(layout.shape)).fill(constant));
    }
    const { buffers } = this.#program;
    const plan = planStep(step, (b) => buffers[b].length);
    const onWasm = handOver(step, buffers);
    if ('refused' in plan) {
      return (values) => {
        this.#executor.handedOver.add(plan.refused);
        onWasm(values);
      };
    }
    const raw = step.kind === 'map' ? step.nodes.length === 1 : step.kind === 'kernel';
    return (values) => {
      if (!isExact(step, (o) => boundOf(o, values))) {
        this.#executor.handedOver.add(`${nameOf(step)} of whole numbers beyond 2^24`);
        onWasm(values);
        return;
      }
      checkIndices(step, values);
      this.#runPasses(plan.passes, values, raw);
    };
  }

  #runPasses(passes: readonly Pass[], values: Values, raw: boolean): void {
    const { buffers } = this.#program;
    const images = new Map<number, Float32Array>();
    const temporaries = new Map<number, Float32Array>();
    const read = ({ kind, index }: Ref): Float32Array => {
      if (kind === 'temporary') return temporaries.get(index)!;
      const image = images.get(index) ?? toFloats(values[index]!, buffers[index].dtype, raw);
      images.set(index, image);
      return image;
    };
    for (const { source, length, args, result } of passes) {
      const out = this.#executor.kernels.run(source, length, args.map(read));
      if (result.kind === 'temporary') temporaries.set(result.index, out);
      else values[result.index] = fromFloats(out, buffers[result.index].dtype);
    }
  }
}

const labelOf = (step: Step): string =>
  `${nameOf(step)} ${step.kind === 'kernel' ? step.inputs.map((i) => `[${i.layout.shape.join()}]`).join(' ') : `[${step.shape.join()}]`}`;

const neutral = { sum: 0, prod: 1, max: -Infinity, min: Infinity };

/** What a step gives that has no term to compute with, or `null`. */
function constantOf(step: Step): number | null {
  if (step.kind === 'reduce') return sizeOf(step.shape) === 0 ? neutral[step.op] : null;
  if (step.kind === 'map') return null;
  const needs = step.name === 'concat' ? [] : step.inputs;
  return needs.some((o) => sizeOf(o.layout.shape) === 0) ? 0 : null;
}

/** Largest magnitude in the whole-number array an operand looks at. */
const bounds = new WeakMap<HostArray, number>();
function boundOf({ buffer, dtype }: Operand, values: Values): number {
  if (dtype === 'bool') return 1;
  const array = values[buffer]!;
  let bound = bounds.get(array);
  if (bound === undefined) {
    bound = 0;
    for (const v of array) bound = Math.max(bound, Math.abs(v));
    bounds.set(array, bound);
  }
  return bound;
}

/** Kernels cannot refuse an index; it is checked here as the wasm core does. */
function checkIndices(step: Step, values: Values): void {
  if (step.kind !== 'kernel' || (step.name !== 'gather' && step.name !== 'scatterAdd')) return;
  const [index, n] = indexOf(step);
  const { offset, shape } = index.layout;
  const numbers = values[index.buffer]!.subarray(offset, offset + sizeOf(shape));
  const bad = numbers.findIndex((i) => i < 0 || i >= n);
  if (bad < 0) return;
  throw new ShapeError({
    where: step.name === 'gather' ? 'take' : step.name,
    expected: `indices from 0 to ${n - 1}`,
    received: `another one at position ${bad}`,
  });
}
const indexOf = ({ name, inputs, params }: KernelStep): [Operand, number] =>
  name === 'gather' ? [inputs[1], inputs[0].layout.shape[1]] : [inputs[0], (params as { n: number }).n];
