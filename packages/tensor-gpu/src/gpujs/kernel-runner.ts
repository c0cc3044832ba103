import { BackendError } from '../errors.js';
import { asGpuFunctions, type Gpu, type GpuKernel, type GpuModule } from './gpu-module.js';
import { functionsOf } from './plan/functions.js';
import { SharedMemory, type WasmKernel } from './shared-memory.js';

/** The gpu.js modes that answer synchronously, and so serve executors over host arrays. */
export type GpuMode = 'webasm' | 'cpu';

/** Compiled kernels by source and sizes; the oldest go first. */
const MAX_KERNELS = 512;

/** Compiles kernel sources and runs them. */
export class KernelRunner {
  readonly #gpu: Gpu;
  readonly #mode: GpuMode;
  readonly #memory: SharedMemory | null;
  readonly #kernels = new Map<string, GpuKernel>();

  constructor({ GPU }: Pick<GpuModule, 'GPU'>, mode: GpuMode) {
    this.#gpu = new GPU({ mode });
    this.#mode = mode;
    this.#memory = mode === 'webasm' ? new SharedMemory() : null;
  }

  /**
   * Runs a kernel over `length` cells.
   *
   * @throws {BackendError} when gpu.js computed somewhere else than asked: it falls back to the CPU with a mere warning
   */
  run(source: string, length: number, args: readonly Float32Array[]): Float32Array {
    const key = `${length} ${args.map((a) => a.length).join()} ${source}`;
    let kernel = this.#kernels.get(key);
    const isNew = kernel === undefined;
    kernel ??= this.#create(source, length);
    const result = kernel(...args) as Float32Array;
    if (isNew) this.#keep(key, kernel);
    return result;
  }

  #create(source: string, length: number): GpuKernel {
    const kernel = this.#gpu.createKernel(source, {
      output: [length],
      functions: asGpuFunctions(functionsOf(source)),
    });
    this.#memory?.adopt(kernel.kernel as unknown as WasmKernel);
    return kernel;
  }

  #keep(key: string, kernel: GpuKernel): void {
    const { mode } = kernel.kernel.constructor;
    if (mode !== this.#mode) {
      throw new BackendError({
        where: 'gpu.js',
        expected: `kernels in mode ${this.#mode}`,
        received: `one that fell back to ${mode}`,
      });
    }
    if (this.#kernels.size >= MAX_KERNELS) {
      const [oldest] = this.#kernels;
      this.#kernels.delete(oldest[0]);
      oldest[1].destroy();
    }
    this.#kernels.set(key, kernel);
  }
}
