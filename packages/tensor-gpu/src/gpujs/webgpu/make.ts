import { BackendError } from '../../errors.js';
import type { Executor } from '../../executor.js';
import type { GpuModule } from '../gpu-module.js';
import { ResidentExecutor } from '../resident/executor.js';
import { WebGpuDevice } from './device.js';
import { withNodeGpu } from './node-gpu.js';

/**
 * Takes the device all gpu.js kernels of this page share.
 *
 * @throws {BackendError} when there is none
 */
export async function makeWebGpu(gpu: GpuModule): Promise<() => Executor> {
  const { device } = await withNodeGpu(async () => {
    try {
      return await gpu.WebGPUContext.acquire();
    } catch (error) {
      throw new BackendError({
        where: "initBackend('webgpu')",
        expected: 'a WebGPU adapter',
        received: error instanceof Error ? error.message : String(error),
        cure: "use `await initBackend('auto')` to take the best backend there is",
      });
    }
  });
  return () => new ResidentExecutor(new WebGpuDevice(gpu, device));
}
