import { availableBackends, type BackendName, initBackend } from '@weightloom/tensor-gpu';
import { findGpuAdapters, type GpuAdapters } from './gpu-adapters.js';

/** Every backend there may be, fastest kind first. */
export const backendNames = [
  'webgpu',
  'webgl2',
  'wasm',
  'gpujs-wasm',
  'gpujs-cpu',
] as const satisfies readonly BackendName[];

/** Whether one backend works here. */
export interface BackendStatus {
  readonly name: BackendName;
  readonly isAvailable: boolean;
  /** What computes, or why it does not work. */
  readonly note: string;
}

/** What this browser has to compute with. */
export interface BackendReport {
  readonly adapters: GpuAdapters;
  readonly backends: readonly BackendStatus[];
}

/** Tries every backend that the package has. Call it in a worker: it loads gpu.js. */
export async function probeBackends(): Promise<BackendReport> {
  const adapters = await findGpuAdapters();
  const backends: BackendStatus[] = [];
  for (const name of backendNames) backends.push(await probe(name, adapters));
  return { adapters, backends };
}

async function probe(name: BackendName, adapters: GpuAdapters): Promise<BackendStatus> {
  if (name === 'wasm') return { name, isAvailable: true, note: 'the WebAssembly core' };
  if (!mayEvaluate()) {
    const note = 'the content security policy of this page does not allow gpu.js to make code';
    return { name, isAvailable: false, note };
  }
  try {
    await initBackend(name);
    if (!availableBackends().includes(name)) throw new Error('it did not start');
    return { name, isAvailable: true, note: noteOf(name, adapters) };
  } catch (error) {
    return { name, isAvailable: false, note: error instanceof Error ? error.message : String(error) };
  }
}

/** What a backend computes on. */
export function noteOf(name: BackendName, adapters: GpuAdapters): string {
  if (name === 'wasm') return 'the WebAssembly core';
  if (name !== 'webgpu' && name !== 'webgl2') return 'a reference for tests, not made for speed';
  const adapter = adapters[name];
  if (!adapter) return 'no GPU was found';
  return adapter.isSoftware ? `${adapter.name}: a program in place of a GPU` : adapter.name;
}

/** Whether the content security policy lets code be made from text, as gpu.js does. */
export function mayEvaluate(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}
