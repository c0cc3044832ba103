import { BackendError, type OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';
import type { Program, Step } from '../../lower/program.js';
import type { GpuModule } from '../gpu-module.js';
import type { Pass, Plan } from '../plan/pass.js';
import { planStep } from '../plan/plan-step.js';
import type { Device, Image } from '../resident/device.js';
import type { Unit } from '../resident/units.js';
import { fuse } from './fuse.js';
import { planGather } from './gather.js';
import { KernelCache, type Kernel } from './kernels.js';
import { isTiled, planProduct } from './matmul.js';
import { BufferPool, type PooledBuffer } from './buffers.js';
import { PixelReader } from './pixels.js';
import { type Dispatch, dispatchOf } from './tiles.js';

const MAP_READ = 0x01;
const COPY_DST = 0x08;
const READ = 0x01;

/** Commands are handed over at the latest after this many kernels, so that the device has something to do. */
const MAX_QUEUED = 64;

/** Numbers in a buffer of the device. */
interface GpuImage extends Image {
  readonly buffer: PooledBuffer;
}

/**
 * The device of gpu.js, with its kernels dispatched by us: gpu.js's own runner allocates a result at each call of each kernel,
 * submits each kernel alone and answers with a promise. Here kernels share command buffers and results share pooled buffers.
 */
export class WebGpuDevice implements Device {
  readonly name = 'webgpu';
  readonly prefersWaiting = true;
  /** How programs made from now on are cut. */
  dispatch: Dispatch;
  readonly #gpu: GpuModule;
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #kernels: KernelCache;
  readonly #onError: (event: GPUUncapturedErrorEvent) => void;
  #pixels: PixelReader | null = null;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #queued = 0;
  #isFlushing = false;
  #fault: BackendError | OutOfMemoryError | null = null;
  #lost: BackendError | null = null;

  constructor(gpu: GpuModule, device: GPUDevice) {
    this.#gpu = gpu;
    this.#device = device;
    this.dispatch = dispatchOf(device);
    const invalid = (message: string): void => {
      this.#fault ??= new BackendError({ where: 'webgpu', expected: 'valid commands', received: message });
    };
    this.#kernels = new KernelCache(gpu, device, invalid);
    this.#pool = new BufferPool(
      device,
      (error) => (this.#fault ??= error),
      (buffer) => {
        this.#submit();
        this.#kernels.forget(buffer);
      },
    );
    this.#onError = ({ error }) => invalid(error.message);
    device.addEventListener('uncapturederror', this.#onError);
    void device.lost.then(({ reason, message }) => {
      this.#lost = new BackendError({
        where: 'webgpu',
        expected: 'a device that answers',
        received: `a lost one (${reason}): ${message}`,
        cure: "resetBackend(), then await initBackend('webgpu') again; tensors on the device are gone",
      });
    });
  }

  group(program: Pick<Program, 'steps' | 'outputs'>): Unit[] {
    return fuse(this.#gpu, program, this.dispatch);
  }

  plan(step: Step, lengthOf: (buffer: number) => number): Plan {
    if (step.kind === 'kernel' && step.name === 'gather') return planGather(step, this.dispatch.maxGroups);
    if (isTiled(step, this.dispatch)) return planProduct(step, this.dispatch);
    return planStep(step, lengthOf, true);
  }

  upload(values: Float32Array): Image {
    const image = this.#image(values.length);
    this.#submit();
    this.#device.queue.writeBuffer(image.buffer.gpu, 0, values as Float32Array<ArrayBuffer>);
    return image;
  }

  run(pass: Pass, args: readonly Image[]): Image {
    const result = this.#image(pass.length);
    const kernel = this.#kernels.get(pass, args);
    this.#dispatch(kernel, [...(args as readonly GpuImage[]), result]);
    return result;
  }

  async read(image: Image): Promise<Float32Array> {
    const bytes = Math.max(4, image.length * 4);
    const encoder = this.#open();
    this.#endPass();
    const staging = this.#device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
    encoder.copyBufferToBuffer((image as GpuImage).buffer.gpu, 0, staging, 0, bytes);
    this.#submit();
    try {
      await staging.mapAsync(READ);
      await this.#kernels.checked();
      return new Float32Array(staging.getMappedRange().slice(0), 0, image.length);
    } catch (error) {
      throw this.#lost ?? this.takeFault() ?? error;
    } finally {
      staging.destroy();
    }
  }

  readNow(image: Image): Float32Array {
    if (!PixelReader.isSupported) {
      throw new BackendError({
        where: 'Tensor.dataSync',
        expected: 'a backend that answers at once',
        received: 'webgpu without canvases, which answers later',
        cure: 'use `await t.data()`',
      });
    }
    this.#submit();
    return (this.#pixels ??= new PixelReader(this.#device)).read(
      (image as GpuImage).buffer.gpu,
      image.length,
    );
  }

  free(image: Image): void {
    this.#pool.give((image as GpuImage).buffer);
  }

  /** Once the code that queues has ended: what it queues goes over in one piece. */
  flush(): void {
    if (this.#isFlushing || !this.#encoder) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#submit();
    });
  }

  takeFault(): BackendError | OutOfMemoryError | null {
    if (this.#lost) return this.#lost;
    const fault = this.#fault;
    this.#fault = null;
    return fault;
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  memory(): MemoryReport {
    return this.#pool.report();
  }

  dispose(): void {
    this.#submit();
    this.#device.removeEventListener('uncapturederror', this.#onError);
    this.#pixels?.dispose();
    this.#pool.dispose();
  }

  #image(length: number): GpuImage {
    return { length, buffer: this.#pool.take(length * 4) };
  }

  #submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#queued = 0;
  }

  #open(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #dispatch({ pipeline, groups, bind }: Kernel, images: readonly GpuImage[]): void {
    const pass = (this.#pass ??= this.#open().beginComputePass());
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bind(images.map((i) => i.buffer)));
    pass.dispatchWorkgroups(...groups);
    if (++this.#queued >= MAX_QUEUED) this.#submit();
  }
}
