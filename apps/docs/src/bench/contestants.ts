import type { BackendReport } from '../backends/backends.js';
import type { Contestant } from './engine.js';

/** Everything that works in this browser, ours first. */
export function contestantsFor({ adapters, backends }: BackendReport): Contestant[] {
  const ours = backends
    // The references compute on the CPU what a GPU would; they are not made for speed.
    .filter(({ name, isAvailable }) => isAvailable && !name.startsWith('gpujs'))
    .map(({ name }): Contestant => ({
      name: `Weightloom ${name}`,
      engine: 'weightloom',
      backend: name,
      ...(name === 'webgpu' || name === 'webgl2' ? { gpu: name } : {}),
    }));
  const others: Contestant[] = [
    { name: 'tfjs wasm', engine: 'tfjs', backend: 'wasm' },
    { name: 'tfjs webgl', engine: 'tfjs', backend: 'webgl', gpu: 'webgl2' },
    { name: 'tfjs webgpu', engine: 'tfjs', backend: 'webgpu', gpu: 'webgpu' },
    { name: 'jax-js wasm', engine: 'jax-js', backend: 'wasm' },
    { name: 'jax-js webgpu', engine: 'jax-js', backend: 'webgpu', gpu: 'webgpu' },
  ];
  return [...ours, ...others.filter(({ gpu }) => !gpu || adapters[gpu])];
}
