import type { BackendError, OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';
import type { Program, Step } from '../../lower/program.js';
import type { Pass, Plan } from '../plan/pass.js';
import type { Unit } from './units.js';

/** Float32 numbers that live on the device. */
export interface Image {
  readonly length: number;
}

/** What executors ask of a GPU: keep numbers, run kernels over them, give numbers back. */
export interface Device {
  readonly name: 'webgpu' | 'webgl2';
  /** The steps of a program, those put together that this device computes as one. */
  group(program: Pick<Program, 'steps' | 'outputs'>): Unit[];
  /** A step as kernels of this device, or why it has none. */
  plan(step: Step, lengthOf: (buffer: number) => number): Plan;
  /** @throws {OutOfMemoryError} when the device cannot hold them */
  upload(values: Float32Array): Image;
  /** Queues a kernel; it runs after all that was queued before. */
  run(pass: Pass, args: readonly Image[]): Image;
  read(image: Image): Promise<Float32Array>;
  /**
   * As `read`, at once.
   *
   * @throws {BackendError} where the device answers later only
   */
  readNow(image: Image): Float32Array;
  /** Whether `read` is to be preferred where one can wait. */
  readonly prefersWaiting: boolean;
  free(image: Image): void;
  /** Sees to it that what was queued goes to the device soon. */
  flush(): void;
  /** What went wrong on the device and was not reported yet: it is lost, or out of memory. */
  takeFault(): BackendError | OutOfMemoryError | null;
  /** Gone for good. */
  readonly isLost: boolean;
  memory(): MemoryReport;
  /** Gives idle memory back; nothing runs afterwards. */
  dispose(): void;
}
