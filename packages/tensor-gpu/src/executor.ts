import type { Program } from './lower/program.js';
import type { DType, HostArray } from './tensor/dtype.js';

/** Where a computation really runs. */
export type BackendName = 'webgpu' | 'webgl2' | 'wasm' | 'gpujs-wasm' | 'gpujs-cpu';

/** A value on its way into or out of an executable: still on the host, or a buffer of the executor. */
export type Slot = { readonly host: HostArray } | { readonly buffer: unknown };

/** A program made ready by one executor. */
export interface Executable {
  /**
   * Runs once. `donated[i]` says that input `i` may be overwritten; a donated buffer that was neither reused nor returned is
   * freed. Outputs of few elements come back on the host.
   */
  run(inputs: readonly Slot[], donated: readonly boolean[]): Slot[];
  /** What was planned, one line a step. */
  describe(): string[];
}

/** What an executor holds at the moment, in bytes. */
export interface MemoryReport {
  /** Bytes of live buffers. */
  readonly used: number;
  /** Bytes taken from the system; never shrinks before `resetBackend()`. */
  readonly reserved: number;
  /** Largest `used` so far. */
  readonly peak: number;
  readonly buffers: number;
}

/** One place where programs run. Everything above it is shared by all backends. */
export interface Executor {
  readonly name: BackendName;
  prepare(program: Program): Executable;
  upload(values: HostArray, dtype: DType): unknown;
  /** The values, in an array that nobody else has. */
  read(buffer: unknown, dtype: DType, length: number): Promise<HostArray>;
  /** As `read`, at once. */
  readSync(buffer: unknown, dtype: DType, length: number): HostArray;
  free(buffer: unknown): void;
  memory(): MemoryReport;
  /** Operations this executor handed to the wasm core because it cannot express them. */
  readonly handedOver: ReadonlySet<string>;
  /** True when the device behind it is gone for good. */
  readonly isLost?: boolean;
  /** Gives memory outside JavaScript's heap back; nothing runs afterwards. */
  dispose?(): void;
}
