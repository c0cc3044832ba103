import { registerBackend } from '../backend.js';
import { BackendError } from '../errors.js';
import type { BackendName } from '../executor.js';
import { GpuJsExecutor } from './executor.js';
import { KernelRunner, loadGpu } from './kernel-runner.js';

/**
 * Makes a backend available to `setBackend`. `wasm` always is. `gpujs-wasm` and `gpujs-cpu` load gpu.js, which makes code at
 * run time: in a page the Content-Security-Policy must allow `unsafe-eval`.
 *
 * @throws {BackendError} for a backend this host cannot run
 */
export async function initBackend(name: BackendName): Promise<void> {
  if (name === 'wasm') return;
  if (name !== 'gpujs-wasm' && name !== 'gpujs-cpu') {
    throw new BackendError({
      where: 'initBackend',
      expected: 'wasm, gpujs-wasm or gpujs-cpu',
      received: String(name),
    });
  }
  const gpu = await loadGpu();
  registerBackend(
    name,
    () => new GpuJsExecutor(name, new KernelRunner(gpu, name === 'gpujs-wasm' ? 'webasm' : 'cpu')),
  );
}
