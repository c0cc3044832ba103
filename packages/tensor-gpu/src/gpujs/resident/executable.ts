import type { Executable, Slot } from '../../executor.js';
import { type Program, type Step, writesOf } from '../../lower/program.js';
import { type DType, hostArray, type HostArray } from '../../tensor/dtype.js';
import { sizeOf } from '../../tensor/shape.js';
import { HOST_RESIDENT_ELEMENTS } from '../../tensor/storage.js';
import { handOver } from '../hand-over.js';
import { checkIndices, indicesOf } from '../plan/indices.js';
import { knownResult, writesNothing } from '../plan/known-result.js';
import type { Pass, Ref } from '../plan/pass.js';
import { nameOf } from '../plan/plan-step.js';
import { boundsOf, isExact } from '../plan/whole-numbers.js';
import type { Image } from './device.js';
import type { ResidentExecutor } from './executor.js';
import { readsOf, resultsOf, type Unit, unitLabel } from './units.js';
import { GpuValue } from './value.js';

/** One run: what the buffers hold, which of these values belong to the run alone, and what it gives. */
interface Run {
  readonly values: (GpuValue | undefined)[];
  readonly own: Set<number>;
  readonly results: readonly GpuValue[];
}
/** One step; a promise when it has to wait for values of the device. */
type Call = (run: Run) => void | Promise<void>;

/** A program as kernels over values that live on the device. */
export class ResidentExecutable implements Executable {
  readonly #executor: ResidentExecutor;
  readonly #program: Program;
  readonly #calls: readonly Call[];
  readonly #labels: readonly string[];
  /** Buffers that no later step uses, by step. */
  readonly #dead: readonly (readonly number[])[];

  constructor(executor: ResidentExecutor, program: Program) {
    this.#executor = executor;
    this.#program = program;
    const steps = program.steps.filter((step) => !writesNothing(step));
    const units = executor.device.group({ steps, outputs: program.outputs });
    this.#calls = units.map((unit) => this.#prepare(unit));
    this.#labels = units.map(unitLabel);
    this.#dead = lastUses(units, program.outputs);
  }

  describe(): string[] {
    return [...this.#labels];
  }

  run(inputs: readonly Slot[], donated: readonly boolean[]): Slot[] {
    const executor = this.#executor;
    executor.check();
    const run = this.#bind(inputs, donated);
    const isDone = executor.queue(() => this.#start(run));
    if (isDone) executor.device.flush();
    return run.results.map((value): Slot => {
      const { host, image, length } = value;
      return isDone && host && !image && length <= HOST_RESIDENT_ELEMENTS ? { host } : { buffer: value };
    });
  }

  #bind(inputs: readonly Slot[], donated: readonly boolean[]): Run {
    const { buffers, inputs: inputBuffers, outputs } = this.#program;
    const values: (GpuValue | undefined)[] = buffers.map(() => undefined);
    const own = new Set(buffers.flatMap(({ role }, b) => (role.kind === 'temporary' ? [b] : [])));
    inputs.forEach((slot, i) => {
      const b = inputBuffers[i];
      if (b === undefined) return;
      if (donated[i] || 'host' in slot) own.add(b);
      const { dtype, length } = buffers[b];
      // A view may reach only part of an array.
      values[b] =
        'host' in slot
          ? new GpuValue(dtype, length, slot.host.subarray(0, length))
          : (slot.buffer as GpuValue);
    });
    const results = outputs.map((b) => (values[b] = new GpuValue(buffers[b].dtype, buffers[b].length)));
    return { values, own, results };
  }

  /** Runs what can run at once; errors of that part are thrown, those of the rest are kept for who reads the results. */
  #start(run: Run): void | Promise<void> {
    try {
      for (const value of run.values) if (value?.error) throw value.error;
      const rest = this.#from(0, run);
      return rest?.catch((error: unknown) => this.#fail(run, error));
    } catch (error) {
      this.#fail(run, error);
      throw error;
    }
  }

  #from(first: number, run: Run): void | Promise<void> {
    for (let i = first; i < this.#calls.length; i++) {
      const pending = this.#calls[i](run);
      if (pending) {
        return pending.then(() => {
          this.#release(run, this.#dead[i]);
          return this.#from(i + 1, run);
        });
      }
      this.#release(run, this.#dead[i]);
    }
    this.#release(run, run.own);
  }

  #release({ values, own }: Run, buffers: Iterable<number>): void {
    for (const b of buffers) {
      if (!own.has(b)) continue;
      values[b]?.release(this.#executor.device);
      values[b] = undefined;
    }
  }

  #fail(run: Run, error: unknown): void {
    for (const result of run.results) result.error = error;
    for (const b of run.own) if (run.values[b]) run.values[b].error = error;
    this.#release(run, run.own);
  }

  #prepare({ steps, passes }: Unit): Call {
    if (passes) return (run) => this.#runPasses(passes, run);
    const [step] = steps;
    const constant = knownResult(step);
    if (constant !== null) {
      const { buffer, dtype, layout } = writesOf(step)[0];
      return (run) => {
        this.#target(run, buffer).host = hostArray(dtype, sizeOf(layout.shape)).fill(constant);
      };
    }
    const { buffers } = this.#program;
    const { device, handedOver, indexChecks } = this.#executor;
    const onWasm = this.#onWasm(step);
    const plan = device.plan(step, (b) => buffers[b].length);
    const refused = 'refused' in plan ? plan.refused : storedMove(step);
    if ('refused' in plan || refused !== null) {
      return (run) => {
        handedOver.add(refused!);
        return onWasm(run);
      };
    }
    const indices = step.kind === 'kernel' ? indicesOf(step) : null;
    return (run) => {
      const boundOf = ({ buffer }: { buffer: number }): number => run.values[buffer]!.largest();
      if (!isExact(step, boundOf)) {
        handedOver.add(`${nameOf(step)} of whole numbers beyond 2^24`);
        return onWasm(run);
      }
      if (indices) {
        const value = run.values[indices.index.buffer]!;
        if (value.host) checkIndices(indices, value.host);
        else indexChecks.watch(indices, value.imageOn(device));
      }
      this.#runPasses(plan.passes, run);
      boundsOf(step, boundOf).forEach((bound, i) => (run.values[writesOf(step)[i].buffer]!.bound = bound));
    };
  }

  #target({ values }: Run, buffer: number): GpuValue {
    const { dtype, length } = this.#program.buffers[buffer];
    return (values[buffer] ??= new GpuValue(dtype, length));
  }

  #runPasses(passes: readonly Pass[], run: Run): void {
    const { device } = this.#executor;
    const temporaries = new Map<number, Image>();
    const read = ({ kind, index }: Ref): Image =>
      kind === 'temporary' ? temporaries.get(index)! : run.values[index]!.imageOn(device);
    for (const pass of passes) {
      const image = device.run(pass, pass.args.map(read));
      if (pass.result.kind === 'temporary') temporaries.set(pass.result.index, image);
      else this.#target(run, pass.result.index).image = image;
    }
    for (const image of temporaries.values()) device.free(image);
  }

  /** The step on the wasm core, after fetching what only the device has. */
  #onWasm(step: Step): Call {
    const { device } = this.#executor;
    const compute = handOver(step, this.#program.buffers);
    const go = (run: Run): void => {
      const arrays: (HostArray | undefined)[] = [];
      for (const { buffer } of step.inputs) arrays[buffer] = run.values[buffer]!.host!;
      compute(arrays);
      for (const { buffer } of writesOf(step)) this.#target(run, buffer).host = arrays[buffer]!;
    };
    return (run) => {
      const absent = [...new Set(step.inputs.map((o) => run.values[o.buffer]!))].filter((v) => !v.host);
      if (absent.length === 0) return go(run);
      if (!device.prefersWaiting) {
        for (const value of absent) value.host = value.fromImage(device.readNow(value.image!));
        return go(run);
      }
      return Promise.all(
        absent.map(async (value) => (value.host = value.fromImage(await device.read(value.image!)))),
      ).then(() => go(run));
    };
  }
}

const isStorage = (dtype: DType): boolean => dtype === 'bfloat16' || dtype === 'float16' || dtype === 'int8';

/** Values of the storage dtypes stay on the host, and so do steps that only move them. */
function storedMove(step: Step): string | null {
  const stored = writesOf(step).find((o) => isStorage(o.dtype));
  return stored ? `${nameOf(step)} of ${stored.dtype}` : null;
}

/** Which buffers are used for the last time by each unit; the results are none of them. */
function lastUses(units: readonly Unit[], outputs: readonly number[]): number[][] {
  const last = new Map<number, number>();
  units.forEach((unit, i) => {
    for (const buffer of [...readsOf(unit), ...resultsOf(unit).map((o) => o.buffer)]) last.set(buffer, i);
  });
  return units.map((_, i) => [...last].flatMap(([b, at]) => (at === i && !outputs.includes(b) ? [b] : [])));
}
