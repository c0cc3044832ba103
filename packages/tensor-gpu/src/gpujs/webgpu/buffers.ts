import { OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';
import { Pool, type Pooled } from '../resident/pool.js';

/** Numbers of the specification: the constants exist only where WebGPU does. */
const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;

/** Buffers come in steps of this many bytes, so that sizes that nearly agree share them. */
const STEP = 256;

/** A buffer and a number that names it in caches. */
export interface PooledBuffer extends Pooled {
  readonly gpu: GPUBuffer;
  readonly id: number;
}

/** Storage buffers within the limits of a device. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #pool: Pool<PooledBuffer>;
  readonly #onFault: (error: OutOfMemoryError) => void;
  #ids = 0;

  constructor(
    device: GPUDevice,
    onFault: (error: OutOfMemoryError) => void,
    beforeDestroy: (buffer: PooledBuffer) => void,
  ) {
    this.#device = device;
    this.#onFault = onFault;
    this.#pool = new Pool((buffer) => {
      beforeDestroy(buffer);
      buffer.gpu.destroy();
    });
  }

  /** @throws {OutOfMemoryError} for more bytes than the device gives to one buffer */
  take(wanted: number): PooledBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (wanted > limit) {
      throw new OutOfMemoryError({
        where: 'webgpu',
        expected: `arrays of at most ${limit} bytes, the limit of this device for one buffer`,
        received: `one of ${wanted} bytes; ${this.#pool.used} bytes are in use`,
        cure: 'work on smaller parts, or use the wasm backend',
      });
    }
    const bytes = Math.max(STEP, Math.ceil(wanted / STEP) * STEP);
    const size = String(bytes);
    return this.#pool.take(size, () => ({ gpu: this.#create(bytes), size, bytes, id: ++this.#ids }));
  }

  give(buffer: PooledBuffer): void {
    this.#pool.give(buffer);
  }

  report(): MemoryReport {
    return this.#pool.report();
  }

  dispose(): void {
    this.#pool.dispose();
  }

  /** A device tells later that it had no room. */
  #create(size: number): GPUBuffer {
    this.#device.pushErrorScope('out-of-memory');
    const buffer = this.#device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    const { used } = this.#pool;
    const report = (error: GPUError | null): void => {
      if (!error) return;
      this.#onFault(
        new OutOfMemoryError({
          where: 'webgpu',
          expected: `room for ${size} bytes on the device`,
          received: `none; ${used} bytes were in use`,
          cure: 'dispose tensors, donate the state of a training loop, or use smaller batches',
        }),
      );
    };
    // A lost device answers with an error of its own, which is reported elsewhere.
    void this.#device.popErrorScope().then(report, () => undefined);
    return buffer;
  }
}
