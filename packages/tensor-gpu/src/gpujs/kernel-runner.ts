import { BackendError } from '../errors.js';
import { asGpuFunctions, type Gpu, type GpuKernel, type GpuModule } from './gpu-module.js';
import { functionsOf } from './plan/functions.js';

/** The gpu.js modes that answer synchronously, and so serve executors over host arrays. */
export type GpuMode = 'webasm' | 'cpu';

/** Compiled kernels by source and sizes; the oldest go first, for each holds memory for its arguments and its result. */
const MAX_KERNELS = 512;

/** Compiles kernel sources and runs them. */
export class KernelRunner {
  readonly #gpu: Gpu;
  readonly #mode: GpuMode;
  readonly #kernels = new Map<string, GpuKernel>();

  constructor({ GPU }: Pick<GpuModule, 'GPU'>, mode: GpuMode) {
    this.#gpu = new GPU({ mode });
    this.#mode = mode;
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
    kernel ??= this.#gpu.createKernel(source, {
      output: [length],
      functions: asGpuFunctions(functionsOf(source)),
    });
    const result = kernel(...args) as Float32Array;
    if (isNew) this.#keep(key, kernel);
    return result;
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
