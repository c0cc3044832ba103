import type { FunctionSpec } from './plan/functions.js';

/** The parts of gpu.js used here; its own typings cover neither string kernels nor the classes behind its modes. */
export interface GpuModule {
  readonly GPU: new (settings: { mode: 'webasm' | 'cpu' }) => Gpu;
  readonly WebGL2Kernel: { readonly isSupported: boolean } & (new (
    source: string,
    settings: object,
  ) => GlKernel);
  readonly WebGPUKernel: new (source: string, settings: object) => WgslTranslator;
  readonly WebGPUContext: {
    acquire(): Promise<{ readonly device: GPUDevice }>;
    /** Ends the device all kernels of the page share. */
    destroy(): Promise<void>;
  };
}

/** An instance of gpu.js in one mode. */
export interface Gpu {
  createKernel(source: string, settings: object): GpuKernel;
}

/** A compiled kernel: numbers or textures in, numbers or a texture out. */
export interface GpuKernel {
  (...args: unknown[]): unknown;
  readonly kernel: { readonly constructor: { readonly mode: string } };
  destroy(): void;
}

/** gpu.js's WebGPU kernel, as far as it turns JavaScript into WGSL; no device is needed for that. */
export interface WgslTranslator {
  threadDim: number[];
  paramsLayout: unknown;
  translatedFunctions: string;
  translatedBody: string;
  setupConstants(): void;
  setupArguments(args: readonly Float32Array[]): void;
  validateSettings(args: readonly unknown[]): void;
  translateSource(): void;
  computeParamsLayout(): unknown;
  assembleWGSL(): string;
}

/** gpu.js's WebGL2 kernel, as far as it compiles a program for arguments of given texture sizes. */
export interface GlKernel {
  readonly program: WebGLProgram;
  readonly kernelArguments: readonly { readonly id: string }[];
  readonly framebuffer: WebGLFramebuffer;
  readonly buffer: WebGLBuffer;
  build(...args: readonly object[]): void;
}

/** The gpu.js library, loaded at its first use: a chunk of its own in the published package. */
export async function loadGpu(): Promise<GpuModule> {
  const loaded = (await import('#gpu.js')) as unknown as GpuModule & { readonly default?: GpuModule };
  return loaded.GPU ? loaded : loaded.default!;
}

/** How gpu.js takes the functions a kernel calls. */
export const asGpuFunctions = (specs: readonly FunctionSpec[]): object[] =>
  specs.map(({ name, source, settings }) => ({ name, source, ...settings }));
