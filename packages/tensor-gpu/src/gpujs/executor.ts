import type { Executable, Executor, MemoryReport } from '../executor.js';
import type { Program } from '../lower/program.js';
import type { DType, HostArray } from '../tensor/dtype.js';
import { GpuJsExecutable } from './executable.js';
import type { KernelRunner } from './kernel-runner.js';

/** A buffer: a host array that nobody writes to any more. */
export interface GpuJsBuffer {
  readonly values: HostArray;
}

/**
 * The kernels of the GPU backends, run by gpu.js as WebAssembly or as plain JavaScript: references that need no GPU. Slow,
 * because every call copies its arguments; what kernels cannot express exactly goes to the wasm core and is named in
 * `handedOver`.
 */
export class GpuJsExecutor implements Executor {
  readonly name: 'gpujs-wasm' | 'gpujs-cpu';
  readonly handedOver = new Set<string>();
  readonly kernels: KernelRunner;
  readonly #buffers = new Set<GpuJsBuffer>();
  #used = 0;
  #peak = 0;

  constructor(name: 'gpujs-wasm' | 'gpujs-cpu', kernels: KernelRunner) {
    this.name = name;
    this.kernels = kernels;
  }

  prepare(program: Program): Executable {
    return new GpuJsExecutable(this, program);
  }

  upload(values: HostArray): GpuJsBuffer {
    const made: GpuJsBuffer = { values };
    this.#buffers.add(made);
    this.#used += values.byteLength;
    this.#peak = Math.max(this.#peak, this.#used);
    return made;
  }

  async read(buffer: unknown, dtype: DType, length: number): Promise<HostArray> {
    return this.readSync(buffer, dtype, length);
  }

  readSync(buffer: unknown, _dtype: DType, length: number): HostArray {
    return (buffer as GpuJsBuffer).values.slice(0, length);
  }

  free(buffer: unknown): void {
    const known = buffer as GpuJsBuffer;
    if (this.#buffers.delete(known)) this.#used -= known.values.byteLength;
  }

  /** Bytes of host arrays held as buffers; kernels hold more for their arguments. */
  memory(): MemoryReport {
    return { used: this.#used, reserved: this.#used, peak: this.#peak, buffers: this.#buffers.size };
  }
}
