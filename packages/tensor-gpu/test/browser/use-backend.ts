/** Runs in pages: makes a backend the one in use. */
import { executorOf } from '../../src/backend.js';
import type { ResidentExecutor } from '../../src/gpujs/resident/executor.js';
import type { WebGpuDevice } from '../../src/gpujs/webgpu/device.js';
import { LEAST_WORK } from '../../src/gpujs/webgpu/tiles.js';
import { type BackendName, initBackend, setBackend } from '../../src/index.js';

/** On webgpu products are cut into tiles, as on a GPU, also where a program stands in for it. */
export async function useBackend(name: BackendName): Promise<void> {
  setBackend(await initBackend(name));
  if (name !== 'webgpu') return;
  const device = (executorOf(name) as ResidentExecutor).device as WebGpuDevice;
  device.dispatch = { ...device.dispatch, leastWork: LEAST_WORK };
}
