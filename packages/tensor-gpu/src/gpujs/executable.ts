import type { Executable, Slot } from '../executor.js';
import { type Operand, type Program, type Step, writesOf } from '../lower/program.js';
import { type HostArray, hostArray } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { HOST_RESIDENT_ELEMENTS } from '../tensor/storage.js';
import type { GpuJsBuffer, GpuJsExecutor } from './executor.js';
import { fromFloats, toFloats } from './float-image.js';
import { handOver } from './hand-over.js';
import { checkIndices, indicesOf } from './plan/indices.js';
import { knownResult, writesNothing } from './plan/known-result.js';
import type { Pass, Ref } from './plan/pass.js';
import { labelOf, nameOf, planStep } from './plan/plan-step.js';
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
    if (writesNothing(step)) return null;
    const constant = knownResult(step);
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
    const indices = step.kind === 'kernel' ? indicesOf(step) : null;
    const raw = step.kind === 'map' ? step.nodes.length === 1 : step.kind === 'kernel';
    return (values) => {
      if (!isExact(step, (o) => boundOf(o, values))) {
        this.#executor.handedOver.add(`${nameOf(step)} of whole numbers beyond 2^24`);
        onWasm(values);
        return;
      }
      if (indices) checkIndices(indices, values[indices.index.buffer]!);
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
