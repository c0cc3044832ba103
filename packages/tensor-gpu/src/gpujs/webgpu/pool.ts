import { OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';

/** Numbers of the specification: the constants exist only where WebGPU does. */
const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;

/** Buffers come in steps of this many bytes, so that sizes that nearly agree share them. */
const STEP = 256;
/** Idle buffers are kept up to this many bytes, or up to what is in use where that is more. */
const IDLE_BYTES = 64 * 2 ** 20;

/** A buffer and a number that names it in caches. */
export interface PooledBuffer {
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  readonly id: number;
}

/**
 * Storage buffers that are used again: a training loop allocates in its first steps only. Commands run in the order they were
 * queued, so a buffer may be handed out while earlier commands still use it.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #idle = new Map<number, PooledBuffer[]>();
  readonly #onFault: (error: OutOfMemoryError) => void;
  readonly #onDestroy: (buffer: PooledBuffer) => void;
  #count = 0;
  #ids = 0;
  #used = 0;
  #idleBytes = 0;
  #peak = 0;

  constructor(
    device: GPUDevice,
    onFault: (error: OutOfMemoryError) => void,
    onDestroy: (buffer: PooledBuffer) => void,
  ) {
    this.#device = device;
    this.#onFault = onFault;
    this.#onDestroy = onDestroy;
  }

  /** Largest buffer a kernel can be given. */
  get limit(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** @throws {OutOfMemoryError} for more bytes than the device gives to one buffer */
  take(wanted: number): PooledBuffer {
    if (wanted > this.limit) {
      throw new OutOfMemoryError({
        where: 'webgpu',
        expected: `arrays of at most ${this.limit} bytes, the limit of this device for one buffer`,
        received: `one of ${wanted} bytes; ${this.#used} bytes are in use`,
        cure: 'work on smaller parts, or use the wasm backend',
      });
    }
    const bytes = Math.max(STEP, Math.ceil(wanted / STEP) * STEP);
    const known = this.#idle.get(bytes)?.pop();
    if (known) this.#idleBytes -= bytes;
    this.#used += bytes;
    this.#count++;
    this.#peak = Math.max(this.#peak, this.#used);
    return known ?? { gpu: this.#create(bytes), bytes, id: ++this.#ids };
  }

  give(buffer: PooledBuffer): void {
    this.#used -= buffer.bytes;
    this.#count--;
    this.#idleBytes += buffer.bytes;
    const same = this.#idle.get(buffer.bytes) ?? [];
    this.#idle.set(buffer.bytes, same);
    same.push(buffer);
    if (this.#idleBytes > Math.max(IDLE_BYTES, this.#used))
      this.#shrink(Math.max(IDLE_BYTES, this.#used) / 2);
  }

  dispose(): void {
    this.#shrink(-1);
  }

  report(): MemoryReport {
    return {
      used: this.#used,
      reserved: this.#used + this.#idleBytes,
      peak: this.#peak,
      buffers: this.#count,
    };
  }

  #create(size: number): GPUBuffer {
    this.#device.pushErrorScope('out-of-memory');
    const buffer = this.#device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    const used = this.#used;
    void this.#device.popErrorScope().then(
      (error) => {
        if (!error) return;
        this.#onFault(
          new OutOfMemoryError({
            where: 'webgpu',
            expected: `room for ${size} bytes on the device`,
            received: `none; ${used - size} bytes were in use`,
            cure: 'dispose tensors, donate the state of a training loop, or use smaller batches',
          }),
        );
      },
      () => undefined,
    );
    return buffer;
  }

  /** Destroys idle buffers until at most `room` bytes of them are left. */
  #shrink(room: number): void {
    for (const [bytes, buffers] of this.#idle) {
      while (buffers.length > 0 && this.#idleBytes > room) {
        const buffer = buffers.pop()!;
        this.#idleBytes -= bytes;
        this.#onDestroy(buffer);
        buffer.gpu.destroy();
      }
      if (buffers.length === 0) this.#idle.delete(bytes);
    }
  }
}
