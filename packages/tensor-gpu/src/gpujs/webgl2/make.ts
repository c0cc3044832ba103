import { BackendError } from '../../errors.js';
import type { Executor } from '../../executor.js';
import type { GpuModule } from '../gpu-module.js';
import { ResidentExecutor } from '../resident/executor.js';
import { WebGl2Device } from './device.js';

/**
 * Makes a WebGL2 context that draws nowhere.
 *
 * @throws {BackendError} when there is none, or it cannot draw to float textures
 */
export async function makeWebGl2(gpu: GpuModule): Promise<() => Executor> {
  const refuse = (received: string): never => {
    throw new BackendError({
      where: "initBackend('webgl2')",
      expected: 'WebGL2 that draws to float textures',
      received,
      cure: "use `await initBackend('auto')` to take the best backend there is",
    });
  };
  const canvas =
    typeof OffscreenCanvas !== 'undefined'
      ? new OffscreenCanvas(1, 1)
      : typeof document !== 'undefined'
        ? document.createElement('canvas')
        : refuse('a host without canvas');
  const options = { alpha: false, depth: false, antialias: false };
  const gl = canvas.getContext('webgl2', options) as WebGL2RenderingContext | null;
  if (!gl) return refuse('no context');
  if (!gl.getExtension('EXT_color_buffer_float')) return refuse('one without EXT_color_buffer_float');
  if (!gpu.WebGL2Kernel.isSupported) return refuse('one that gpu.js cannot use');
  return () => new ResidentExecutor(new WebGl2Device(gpu, gl));
}
