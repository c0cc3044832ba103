import { BackendError } from '../errors.js';
import type { Executable, Executor, MemoryReport } from '../executor.js';
import type { Program } from '../lower/program.js';
import { bytesPerElement, type DType, hostArray, type HostArray } from '../tensor/dtype.js';
import { Arena } from './arena.js';
import { type CoreExports, instantiateCore } from './core.js';
import { WasmExecutable } from './executable.js';
import { KernelCache } from './kernels.js';

/** Bytes of a host array, whatever its element type. */
const bytesOf = (values: HostArray): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** The default backend in Node and the fall-back in browsers: everything in one arena, SIMD code over it. */
export class WasmExecutor implements Executor {
  readonly name = 'wasm';
  readonly handedOver: ReadonlySet<string> = new Set();
  readonly arena: Arena;
  readonly core: CoreExports;
  readonly kernels: KernelCache;

  constructor() {
    if (typeof WebAssembly === 'undefined') {
      throw new BackendError({
        where: 'wasm backend',
        expected: 'WebAssembly with SIMD',
        received: 'a host without WebAssembly',
        cure: "a page's Content-Security-Policy must allow 'wasm-unsafe-eval'",
      });
    }
    this.arena = new Arena();
    this.core = instantiateCore(this.arena.memory);
    this.kernels = new KernelCache(this.arena.memory, false);
  }

  prepare(program: Program): Executable {
    return new WasmExecutable(this, program);
  }

  upload(values: HostArray): number {
    const at = this.arena.allocate(values.byteLength, 'upload');
    this.write(at, values);
    return at;
  }

  async read(buffer: unknown, dtype: DType, length: number): Promise<HostArray> {
    return this.readSync(buffer, dtype, length);
  }

  readSync(buffer: unknown, dtype: DType, length: number): HostArray {
    const out = hostArray(dtype, length);
    bytesOf(out).set(
      new Uint8Array(this.arena.memory.buffer, buffer as number, length * bytesPerElement(dtype)),
    );
    return out;
  }

  free(buffer: unknown): void {
    this.arena.release(buffer as number);
  }

  memory(): MemoryReport {
    const { used, reserved, peak, count } = this.arena;
    return { used, reserved, peak, buffers: count };
  }

  /** Copies host values to an address. */
  write(at: number, values: HostArray): void {
    new Uint8Array(this.arena.memory.buffer).set(bytesOf(values), at);
  }
}
