import { executorOf } from '../backend.js';
import type { Executable, Slot } from '../executor.js';
import { type BufferSpec, type Program, type Step, writesOf } from '../lower/program.js';
import type { HostArray } from '../tensor/dtype.js';

/** A step as a program of its own: what it reads comes in, what it writes goes out. */
function programOf(step: Step, specs: readonly BufferSpec[]): Program {
  const inputs = [...new Set(step.inputs.map((o) => o.buffer))];
  const outputs = writesOf(step).map((o) => o.buffer);
  const buffers = specs.map((spec) => ({ ...spec, role: { kind: 'temporary' } as BufferSpec['role'] }));
  inputs.forEach((b, index) => (buffers[b].role = { kind: 'input', index }));
  outputs.forEach((b, index) => (buffers[b].role = { kind: 'output', index }));
  const workspace = { offsets: new Map<number, number>(), size: 0 };
  return { buffers, steps: [step], inputs, outputs, reuse: new Map(), workspace };
}

/** Runs a step on the wasm core instead: takes the values of the program's buffers and puts its results there. */
export function handOver(
  step: Step,
  specs: readonly BufferSpec[],
): (values: (HostArray | undefined)[]) => void {
  let prepared: { program: Program; executable: Executable } | null = null;
  return (values) => {
    const wasm = executorOf('wasm');
    if (!prepared) {
      const program = programOf(step, specs);
      prepared = { program, executable: wasm.prepare(program) };
    }
    const { inputs, outputs, buffers } = prepared.program;
    const slots = inputs.map((b): Slot => ({ host: values[b]! }));
    const results = prepared.executable.run(
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
  };
}
