import { BackendError } from '../errors.js';
import type { Executable, Executor, MemoryReport } from '../executor.js';
import type { Program } from '../lower/program.js';
import { bytesPerElement, type DType, hostArray, type HostArray } from '../tensor/dtype.js';
import { Arena, INITIAL_PAGES } from './arena.js';
import { type CoreExports, instantiateCore } from './core.js';
import { WasmExecutable } from './executable.js';
import { KernelCache } from './kernels.js';
import { type Job, ThreadPool } from './threads/pool.js';

/** Bytes of a host array, whatever its element type. */
const bytesOf = (values: HostArray): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Memory that helper threads can see; its maximum is reserved address space, not memory. */
function sharedMemory(): WebAssembly.Memory {
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new BackendError({
      where: 'wasm threads',
      expected: 'SharedArrayBuffer',
      received: 'a host without it',
      cure: 'serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or use one thread',
    });
  }
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: 65535, shared: true });
}

/** The default backend in Node and the fall-back in browsers: everything in one arena, SIMD code over it. */
export class WasmExecutor implements Executor {
  readonly name = 'wasm';
  readonly handedOver: ReadonlySet<string> = new Set();
  readonly arena: Arena;
  readonly core: CoreExports;
  readonly kernels: KernelCache;
  readonly pool: ThreadPool | null;

  /** @param threads - 1, or more to share work with helper threads over a shared memory */
  constructor(threads = 1) {
    if (typeof WebAssembly === 'undefined') {
      throw new BackendError({
        where: 'wasm backend',
        expected: 'WebAssembly with SIMD',
        received: 'a host without WebAssembly',
        cure: "a page's Content-Security-Policy must allow 'wasm-unsafe-eval'",
      });
    }
    const shared = threads > 1;
    this.arena = new Arena(shared ? sharedMemory() : undefined);
    this.core = instantiateCore(this.arena.memory);
    this.kernels = new KernelCache(this.arena.memory, shared);
    this.pool = shared ? new ThreadPool(this.arena.memory, threads) : null;
  }

  /** How many parts large steps are cut into. */
  get threads(): number {
    return this.pool?.size ?? 1;
  }

  /** Runs the parts of a step, on helpers when they have started; either way with the same results. */
  share(jobs: readonly (Job & { readonly here: () => void })[]): void {
    const pool = this.pool;
    if (!pool?.ready) {
      for (const job of jobs) job.here();
      return;
    }
    pool.teach(this.kernels.modules.length, (index) => {
      const bytes = this.kernels.modules[index];
      const at = this.arena.allocate(bytes.length, 'a compiled loop');
      this.write(at, new Int8Array(bytes.buffer));
      this.#lessons.push(at);
      return [at, bytes.length];
    });
    for (const at of this.#lessons.splice(0)) this.arena.release(at);
    pool.run(jobs, jobs[0].here);
  }

  readonly #lessons: number[] = [];

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
    if (!this.#slabs.has(buffer as number)) this.arena.release(buffer as number);
  }

  readonly #slabs = new Set<number>();

  /** Allocates a region that tensors may share but never free, and forbids growth until `unpin`. */
  takeSlab(bytes: number, reserve: number): { readonly at: number; readonly unpin: () => void } {
    const at = this.arena.allocate(bytes, 'slab');
    if (reserve > 0) this.arena.release(this.arena.allocate(reserve, 'slab: reserve'));
    this.#slabs.add(at);
    return { at, unpin: this.arena.pin() };
  }

  returnSlab(at: number): void {
    this.#slabs.delete(at);
    this.arena.release(at);
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
