import { executorOf } from '../backend.js';
import type { Executable, Slot } from '../executor.js';
import { type BufferSpec, type Program, type Step, writesOf } from '../lower/program.js';
import type { HostArray } from '../tensor/dtype.js';

/** One step as a program of its own, run by the wasm core on host arrays: inputs in, outputs out, in the order of the step. */
export class HandedOver {
  readonly #program: Program;
  #executable: Executable | null = null;

  constructor(step: Step, bufferSpecs: readonly BufferSpec[]) {
    const inputs = [...new Set(step.inputs.map((o) => o.buffer))];
    const outputs = writesOf(step).map((o) => o.buffer);
    const buffers = bufferSpecs.map((spec) => ({
      ...spec,
      role: { kind: 'temporary' } as BufferSpec['role'],
    }));
    inputs.forEach((b, index) => (buffers[b].role = { kind: 'input', index }));
    outputs.forEach((b, index) => (buffers[b].role = { kind: 'output', index }));
    const workspace = { offsets: new Map<number, number>(), size: 0 };
    this.#program = { buffers, steps: [step], inputs, outputs, reuse: new Map(), workspace };
  }

  /** Runs the step on the values of the program's buffers and puts its results there. */
  run(values: (HostArray | undefined)[]): void {
    const wasm = executorOf('wasm');
    this.#executable ??= wasm.prepare(this.#program);
    const { inputs, outputs, buffers } = this.#program;
    const slots = inputs.map((b): Slot => ({ host: values[b]! }));
    const results = this.#executable.run(
      slots,
      inputs.map(() => false),
    );
    results.forEach((slot, i) => {
      const { dtype, length } = buffers[outputs[i]];
      if ('host' in slot) values[outputs[i]] = slot.host;
      else {
        values[outputs[i]] = wasm.readSync(slot.buffer, dtype, length);
        wasm.free(slot.buffer);
      }
    });
  }
}
