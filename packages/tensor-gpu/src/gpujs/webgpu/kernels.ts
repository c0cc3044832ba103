import type { GpuModule } from '../gpu-module.js';
import type { Pass } from '../plan/pass.js';
import type { Image } from '../resident/device.js';
import { KernelTable, MAX_KERNELS } from '../resident/kernel-table.js';
import type { PooledBuffer } from './buffers.js';
import { translate } from './shader.js';

const UNIFORM = 0x40;
const COPY_DST = 0x08;
const COMPUTE = 0x04;

/** Bind groups kept for each kernel. */
const MAX_GROUPS = 256;

interface Program {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** A pipeline with its workgroups, and a way to bind buffers to it: arguments first, the result last. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly [number, number, number];
  readonly bind: (buffers: readonly PooledBuffer[]) => GPUBindGroup;
}

/** Compiled kernels by source and lengths, and their bind groups by buffers: steady loops make neither. */
export class KernelCache {
  readonly #gpu: GpuModule;
  readonly #device: GPUDevice;
  readonly #kernels = new KernelTable((pass, args) => this.#compile(pass, args));
  readonly #programs = new Map<string, Program>();
  readonly #onInvalid: (message: string) => void;
  /** Kernels the device has not looked at yet. */
  readonly #unchecked = new Set<Promise<void>>();
  /** Bind groups of each kernel by the buffers they bind. */
  readonly #groups = new Set<WeakRef<Map<string, GPUBindGroup>>>();

  constructor(gpu: GpuModule, device: GPUDevice, onInvalid: (message: string) => void) {
    this.#gpu = gpu;
    this.#device = device;
    this.#onInvalid = onInvalid;
  }

  get(pass: Pass, args: readonly Image[]): Kernel {
    return this.#kernels.get(pass, args);
  }

  /** Drops what refers to a buffer that is about to be destroyed. */
  forget({ id }: PooledBuffer): void {
    for (const reference of this.#groups) {
      const groups = reference.deref();
      if (!groups) this.#groups.delete(reference);
      else for (const key of groups.keys()) if (key.split(' ').includes(String(id))) groups.delete(key);
    }
  }

  /** When this is done, kernels the device refused have been reported. */
  async checked(): Promise<void> {
    await Promise.all(this.#unchecked);
  }

  /** A kernel that is not valid computes nothing, and says so later. */
  #check<T>(make: () => T): T {
    const device = this.#device;
    device.pushErrorScope('validation');
    const made = make();
    const check = device
      .popErrorScope()
      .then(
        (error) => error && this.#onInvalid(error.message),
        () => undefined, // a lost device, which is reported elsewhere
      )
      .then(() => void this.#unchecked.delete(check));
    this.#unchecked.add(check);
    return made;
  }

  /** Shaders of one text share a program, whatever numbers they get. */
  #program(code: string, hasParams: boolean, count: number): Program {
    const known = this.#programs.get(code);
    if (known) return known;
    const device = this.#device;
    const types: GPUBufferBindingType[] = [
      ...(hasParams ? (['uniform'] as const) : []),
      ...new Array<GPUBufferBindingType>(count).fill('read-only-storage'),
      'storage',
    ];
    const layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } })),
    });
    const pipeline = this.#check(() =>
      device.createComputePipeline({
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
      }),
    );
    if (this.#programs.size >= MAX_KERNELS) this.#programs.delete(this.#programs.keys().next().value!);
    this.#programs.set(code, { layout, pipeline });
    return { layout, pipeline };
  }

  #compile({ source, length, shader: own }: Pass, args: readonly Image[]): Kernel {
    const device = this.#device;
    const shader =
      own ??
      translate(
        this.#gpu,
        source,
        length,
        args.map((a) => a.length),
        device.limits.maxComputeWorkgroupsPerDimension,
      );
    const { code, groups, params } = shader;
    const { layout, pipeline } = this.#program(code, params !== null, args.length);
    let uniform: GPUBuffer | null = null;
    if (params) {
      uniform = device.createBuffer({ size: params.byteLength, usage: UNIFORM | COPY_DST });
      device.queue.writeBuffer(uniform, 0, params as Uint32Array<ArrayBuffer>);
    }
    const bound = new Map<string, GPUBindGroup>();
    this.#groups.add(new WeakRef(bound));
    const bind = (buffers: readonly PooledBuffer[]): GPUBindGroup => {
      const key = buffers.map((b) => b.id).join(' ');
      let group = bound.get(key);
      if (!group) {
        const resources = [...(uniform ? [uniform] : []), ...buffers.map((b) => b.gpu)];
        group = device.createBindGroup({
          layout,
          entries: resources.map((buffer, binding) => ({ binding, resource: { buffer } })),
        });
        if (bound.size >= MAX_GROUPS) bound.clear();
        bound.set(key, group);
      }
      return group;
    };
    return { pipeline, groups, bind };
  }
}
