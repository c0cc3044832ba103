import { BackendError } from '../../errors.js';
import type { Executable, Executor, MemoryReport } from '../../executor.js';
import type { Program } from '../../lower/program.js';
import { type DType, hostArray, type HostArray } from '../../tensor/dtype.js';
import type { Device } from './device.js';
import { ResidentExecutable } from './executable.js';
import { IndexChecks } from './index-checks.js';
import { GpuValue } from './value.js';

/**
 * Programs on a GPU whose results stay there. Nothing comes back but what `data()` asks for, and what the wasm core must compute
 * because kernels cannot express it; where the device answers later only, programs behind such a step wait in line.
 */
export class ResidentExecutor implements Executor {
  readonly name: 'webgpu' | 'webgl2';
  readonly handedOver = new Set<string>();
  readonly device: Device;
  readonly indexChecks: IndexChecks;
  /** The end of the line; `null` when nothing waits. */
  #line: Promise<void> | null = null;

  constructor(device: Device) {
    this.name = device.name;
    this.device = device;
    this.indexChecks = new IndexChecks(device);
  }

  prepare(program: Program): Executable {
    return new ResidentExecutable(this, program);
  }

  upload(values: HostArray, dtype: DType): GpuValue {
    this.check();
    return new GpuValue(dtype, values.length, values);
  }

  /**
   * Does it now, or when all before it is done. Answers whether it is done. Errors of what is done now are thrown; whoever waits
   * in line keeps its own.
   */
  queue(task: () => void | Promise<void>): boolean {
    const pending = this.#line ? this.#line.then(task) : task();
    if (!(pending instanceof Promise)) return true;
    const line = pending
      .catch(() => undefined)
      .finally(() => {
        this.device.flush();
        if (this.#line === line) this.#line = null;
      });
    this.#line = line;
    return false;
  }

  /** Throws what went wrong on the device since the last time. */
  check(): void {
    const fault = this.device.takeFault();
    if (fault) throw fault;
  }

  async read(buffer: unknown, dtype: DType, length: number): Promise<HostArray> {
    const value = buffer as GpuValue;
    while (this.#line) await this.#line;
    if (value.error) throw value.error;
    const { image } = value;
    const numbers = value.host ?? (image && value.fromImage(await this.device.read(image)));
    await this.indexChecks.settle();
    this.check();
    return numbers?.slice(0, length) ?? hostArray(dtype, length);
  }

  readSync(buffer: unknown, dtype: DType, length: number): HostArray {
    const value = buffer as GpuValue;
    this.check();
    if (value.error) throw value.error;
    const { image } = value;
    if (value.host) return value.host.slice(0, length);
    if (this.#line) {
      throw new BackendError({
        where: 'Tensor.dataSync',
        expected: 'values that are there',
        received: `${this.name} still waiting for a step that runs on wasm`,
        cure: 'use `await t.data()`',
      });
    }
    const numbers = image && value.fromImage(this.device.readNow(image));
    this.indexChecks.settleNow();
    return numbers?.slice(0, length) ?? hostArray(dtype, length);
  }

  free(buffer: unknown): void {
    this.queue(() => (buffer as GpuValue).release(this.device));
  }

  memory(): MemoryReport {
    return this.device.memory();
  }

  get isLost(): boolean {
    return this.device.isLost;
  }

  dispose(): void {
    this.device.dispose();
  }
}
