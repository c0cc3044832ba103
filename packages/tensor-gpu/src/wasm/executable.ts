import type { Executable, Slot } from '../executor.js';
import { padded } from '../lower/plan-memory.js';
import type { KernelStep, MapStep, Operand, Program, ReduceStep } from '../lower/program.js';
import { bytesPerElement, hostArray } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { HOST_RESIDENT_ELEMENTS } from '../tensor/storage.js';
import type { WasmExecutor } from './executor.js';
import type { PreparedLoop } from './kernels.js';
import { type Call, prepareKernel, type Resources } from './steps.js';

const bytesFor = (spec: Program['buffers'][number]): number => spec.length * bytesPerElement(spec.dtype);
const isSmall = (spec: Program['buffers'][number]): boolean => spec.length <= HOST_RESIDENT_ELEMENTS;

/** Parameter blocks of dropped executables go back to the arena when the collector finds them. */
const dropped = new FinalizationRegistry<{ executor: WasmExecutor; at: number }>(({ executor, at }) =>
  executor.arena.release(at),
);

/**
 * A program over the arena. One block per run holds temporaries, scratch and small inputs and outputs; since the allocator
 * returns the same block in a steady loop, pointers in the parameter words rarely change.
 */
export class WasmExecutable implements Executable {
  readonly #executor: WasmExecutor;
  readonly #program: Program;
  readonly #calls: readonly Call[];
  readonly #labels: readonly string[];
  /** Address of each buffer in the present run. */
  readonly #address: number[];
  /** Where each buffer's address stands in the parameter words. */
  readonly #patches: readonly { readonly word: number; readonly offset: number }[][];
  readonly #inWords: number[];
  readonly #scratchAt: number;
  readonly #smallAt: readonly number[];
  readonly #blockSize: number;

  constructor(executor: WasmExecutor, program: Program) {
    this.#executor = executor;
    this.#program = program;
    const { buffers, steps, workspace } = program;
    this.#address = new Array<number>(buffers.length).fill(0);
    this.#inWords = new Array<number>(buffers.length).fill(0);
    this.#patches = buffers.map(() => []);

    const loops: PreparedLoop[] = [];
    const resources: Resources = {
      executor,
      address: this.#address,
      scratch: { at: 0, size: 0 },
      loop: (step) => {
        const parts = workOf(step) >= PARALLEL_ELEMENTS ? executor.threads : 1;
        const first = loops.length;
        loops.push(
          ...(step.kind === 'map' ? executor.kernels.map(step, parts) : executor.kernels.reduce(step, parts)),
        );
        const own = loops.slice(first);
        if (own.length === 1) return () => own[0].run(parameterAt[first]);
        return () =>
          executor.share(
            own.map(({ run, loop }, i) => ({
              code: 1,
              args: [loop, parameterAt[first + i]],
              here: () => run(parameterAt[first + i]),
            })),
          );
      },
    };
    const parameterAt: number[] = [];
    const labels: string[] = [];
    const calls: Call[] = [];
    for (const step of steps) {
      if (isEmpty(step)) continue;
      if (step.kind === 'kernel') {
        calls.push(prepareKernel(step, resources));
        labels.push(`${step.name} ${step.inputs.map((i) => `[${i.layout.shape.join()}]`).join(' ')}`);
      } else {
        calls.push(resources.loop(step));
        labels.push(`${step.kind} [${step.shape.join()}] ${loops.at(-1)!.label}`);
      }
    }
    this.#calls = calls;
    this.#labels = labels;
    this.#scratch = resources.scratch;

    let words = 0;
    for (const loop of loops) {
      parameterAt.push(words * 4);
      words += loop.words.length;
    }
    const parameters = executor.arena.allocate(words * 4, 'a compiled plan');
    dropped.register(this, { executor, at: parameters });
    loops.forEach((loop, i) => {
      parameterAt[i] += parameters;
      executor.arena.words().set(loop.words, parameterAt[i] / 4);
      for (const { word, buffer, offset } of loop.pointers) {
        this.#patches[buffer].push({ word: parameterAt[i] / 4 + word, offset });
      }
    });

    let at = padded(workspace.size);
    this.#scratchAt = at;
    at += padded(resources.scratch.size);
    this.#smallAt = buffers.map((spec) => {
      if (spec.role.kind === 'temporary' || !isSmall(spec)) return -1;
      const own = at;
      at += padded(bytesFor(spec));
      return own;
    });
    this.#blockSize = at;
  }

  readonly #scratch: { at: number; size: number };

  describe(): string[] {
    return [...this.#labels];
  }

  run(inputs: readonly Slot[], donated: readonly boolean[]): Slot[] {
    const { arena } = this.#executor;
    const { buffers, inputs: inputBuffers, outputs, reuse, workspace } = this.#program;
    const address = this.#address;
    const staged: number[] = [];
    const made: number[] = [];
    const base = arena.allocate(this.#blockSize, 'a compiled plan');
    let done = false;
    try {
      this.#scratch.at = base + this.#scratchAt;
      for (const [buffer, offset] of workspace.offsets) address[buffer] = base + offset;
      inputs.forEach((slot, i) => {
        const buffer = inputBuffers[i];
        if (buffer === undefined) return;
        if ('buffer' in slot) {
          address[buffer] = slot.buffer as number;
          return;
        }
        let at = base + this.#smallAt[buffer];
        if (this.#smallAt[buffer] < 0) {
          at = arena.allocate(bytesFor(buffers[buffer]), 'an input');
          staged.push(at);
        }
        address[buffer] = at;
      });
      const taken = new Set<number>();
      outputs.forEach((buffer, o) => {
        const spec = buffers[buffer];
        if (this.#smallAt[buffer] >= 0) {
          address[buffer] = base + this.#smallAt[buffer];
          return;
        }
        const from = reuse.get(o);
        if (from !== undefined && donated[from]) {
          address[buffer] = address[inputBuffers[from]];
          taken.add(address[buffer]);
          return;
        }
        address[buffer] = arena.allocate(bytesFor(spec), 'an output');
        made.push(address[buffer]);
      });

      inputs.forEach((slot, i) => {
        const buffer = inputBuffers[i];
        if (buffer === undefined || !('host' in slot)) return;
        // A view may reach only part of its host array; the block has room for just that part.
        this.#executor.write(address[buffer], slot.host.subarray(0, buffers[buffer].length));
      });
      this.#patch();
      for (const call of this.#calls) call();

      const results = outputs.map((buffer): Slot => {
        const spec = buffers[buffer];
        if (this.#smallAt[buffer] < 0) return { buffer: address[buffer] };
        const host = hostArray(spec.dtype, spec.length);
        copyOut(arena.memory.buffer, address[buffer], host);
        return { host };
      });
      inputs.forEach((slot, i) => {
        if (donated[i] && 'buffer' in slot && !taken.has(slot.buffer as number))
          this.#executor.free(slot.buffer);
      });
      for (const at of staged) if (!taken.has(at)) arena.release(at);
      done = true;
      return results;
    } finally {
      if (!done) for (const at of [...staged, ...made]) arena.release(at);
      arena.release(base);
    }
  }

  #patch(): void {
    const words = this.#executor.arena.words();
    const address = this.#address;
    for (let b = 0; b < address.length; b++) {
      if (this.#inWords[b] === address[b]) continue;
      this.#inWords[b] = address[b];
      for (const { word, offset } of this.#patches[b]) words[word] = address[b] + offset;
    }
  }
}

function copyOut(memory: ArrayBufferLike, at: number, host: ReturnType<typeof hostArray>): void {
  new Uint8Array(host.buffer).set(new Uint8Array(memory, at, host.byteLength));
}

/** Below this many element operations a step is not worth waking a helper for. */
const PARALLEL_ELEMENTS = 1 << 16;
const workOf = (step: MapStep | ReduceStep): number =>
  sizeOf(step.shape) * Math.max(1, step.nodes.length / 4);

/** Steps over no element are left out. A reduction over nothing still writes its neutral element. */
function isEmpty(step: MapStep | ReduceStep | KernelStep): boolean {
  if (step.kind === 'map') return sizeOf(step.shape) === 0;
  return sizeOf((step.output satisfies Operand).layout.shape) === 0;
}
