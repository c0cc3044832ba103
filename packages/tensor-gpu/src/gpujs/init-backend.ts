import { dropExecutor, isUsable, notePassedOver, type PassedOver, registerBackend } from '../backend.js';
import { BackendError } from '../errors.js';
import type { BackendName, Executor } from '../executor.js';
import { GpuJsExecutor } from './executor.js';
import { type GpuModule, loadGpu } from './gpu-module.js';
import { KernelRunner } from './kernel-runner.js';

/** How the backends of gpu.js are made. Those of a GPU are chunks of their own, like gpu.js itself. */
const makers: Record<Exclude<BackendName, 'wasm'>, (gpu: GpuModule) => Promise<() => Executor>> = {
  webgpu: async (gpu) => (await import('./webgpu/make.js')).makeWebGpu(gpu),
  webgl2: async (gpu) => (await import('./webgl2/make.js')).makeWebGl2(gpu),
  'gpujs-wasm': (gpu) => reference('gpujs-wasm', gpu),
  'gpujs-cpu': (gpu) => reference('gpujs-cpu', gpu),
};

/** gpu.js makes functions from text in these modes, which a page's policy may forbid. */
async function reference(name: 'gpujs-wasm' | 'gpujs-cpu', gpu: GpuModule): Promise<() => Executor> {
  try {
    new Function('');
  } catch {
    throw new BackendError({
      where: `initBackend('${name}')`,
      expected: 'a host that evaluates generated code',
      received: 'one that forbids it',
      cure: "the page's Content-Security-Policy must allow 'unsafe-eval'",
    });
  }
  return () => new GpuJsExecutor(name, new KernelRunner(gpu, name === 'gpujs-wasm' ? 'webasm' : 'cpu'));
}

/** In order of preference. */
const automatic = ['webgpu', 'webgl2', 'wasm'] as const;

/**
 * Makes a backend available to `setBackend`. `wasm` always is; the others load gpu.js. `auto` takes the first of `webgpu`, `webgl2`
 * and `wasm` that this host can run; `backendReport().passedOver` tells why it was not an earlier one. A backend whose device was
 * lost is made anew. The references `gpujs-wasm` and `gpujs-cpu` make code at run time: in a page the Content-Security-Policy must
 * allow `unsafe-eval`.
 *
 * ```ts
 * setBackend(await initBackend('auto'));
 * ```
 *
 * In Node, `webgpu` runs where the package of that name is installed and loads.
 *
 * @returns the backend that is available now
 * @throws {BackendError} for a backend this host cannot run; never for `auto`
 */
export async function initBackend(name: BackendName | 'auto'): Promise<BackendName> {
  if (name === 'auto') return choose();
  if (name === 'wasm') return name;
  const make = makers[name];
  if (!Object.hasOwn(makers, name)) {
    throw new BackendError({
      where: 'initBackend',
      expected: `auto, wasm or one of ${Object.keys(makers).join(', ')}`,
      received: String(name),
    });
  }
  if (isUsable(name)) return name;
  const register = await make(await loadGpu());
  dropExecutor(name);
  registerBackend(name, register);
  return name;
}

async function choose(): Promise<BackendName> {
  const passedOver: PassedOver[] = [];
  notePassedOver(passedOver);
  for (const name of automatic) {
    try {
      return await initBackend(name);
    } catch (error) {
      passedOver.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return 'wasm';
}
