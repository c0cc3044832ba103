import { asGpuFunctions, type GpuModule } from '../gpu-module.js';
import { functionsOf } from '../plan/functions.js';
import type { Shader } from '../plan/pass.js';

/** Threads of a workgroup of gpu.js's one-dimensional kernels. */
const THREADS = 64;

/**
 * A kernel source as WGSL by gpu.js, as it assembles it: uniform parameters at binding 0, the arguments behind it, the result
 * last.
 *
 * @param lengths - of the arguments
 * @param maxGroups - workgroups a dispatch may have along one axis; longer ones are folded into rows
 */
export function translate(
  { WebGPUKernel }: GpuModule,
  source: string,
  length: number,
  lengths: readonly number[],
  maxGroups: number,
): Shader {
  const kernel = new WebGPUKernel(source, {
    output: [length],
    argumentTypes: lengths.map(() => 'Array'),
    functions: asGpuFunctions(functionsOf(source)),
  });
  const args = lengths.map(() => new Float32Array(1));
  kernel.setupConstants();
  kernel.setupArguments(args);
  kernel.validateSettings(args);
  kernel.threadDim = [length, 1, 1];
  kernel.translateSource();
  kernel.paramsLayout = kernel.computeParamsLayout();
  const count = Math.ceil(length / THREADS);
  const rows = Math.ceil(count / maxGroups);
  const columns = Math.ceil(count / rows);
  const params = [length, 1, 1, columns * THREADS, ...lengths.flatMap((n) => [n, 1, 1, n])];
  return { code: kernel.assembleWGSL(), params: Uint32Array.from(params), groups: [columns, rows, 1] };
}
