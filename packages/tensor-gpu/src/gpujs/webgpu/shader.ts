import { asGpuFunctions, type GpuModule, type WgslTranslator } from '../gpu-module.js';
import { functionsOf } from '../plan/functions.js';
import type { Shader } from '../plan/pass.js';

/** Threads of a workgroup of gpu.js's one-dimensional kernels. */
export const THREADS = 64;

/** `offset + Σ index · stride` in integers, where `cell` counts through the axes, the last one fastest. */
export function indexOf(
  cell: string,
  axes: readonly { readonly size: number; readonly stride: number }[],
  offset: number,
): string {
  let inner = 1;
  const terms: string[] = [];
  for (const { size, stride } of [...axes].reverse()) {
    if (size > 1 && stride !== 0) terms.push(`((${cell}) / ${inner}) % ${size} * ${stride}`);
    inner *= size;
  }
  return [offset, ...terms].join(' + ');
}

/** Workgroups for `length` threads, folded into rows where a device allows too few in one. */
export function gridOf(
  length: number,
  maxGroups: number,
  threads = THREADS,
): { readonly columns: number; readonly rows: number } {
  const count = Math.ceil(length / threads);
  const rows = Math.ceil(count / maxGroups);
  return { columns: Math.ceil(count / rows), rows };
}

/** gpu.js's translation of a kernel source, before and after it is put together. */
function translated(
  { WebGPUKernel }: GpuModule,
  source: string,
  count: number,
  length: number,
): WgslTranslator {
  const kernel = new WebGPUKernel(source, {
    output: [length],
    argumentTypes: new Array<string>(count).fill('Array'),
    functions: asGpuFunctions(functionsOf(source)),
  });
  const args = Array.from({ length: count }, () => new Float32Array(1));
  kernel.setupConstants();
  kernel.setupArguments(args);
  kernel.validateSettings(args);
  kernel.threadDim = [length, 1, 1];
  kernel.translateSource();
  return kernel;
}

/** gpu.js writes powers with a function that it adds when it puts a kernel together. */
const power = 'fn _pow(x : f32, y : f32) -> f32 { if (y == 0.0) { return 1.0; } return pow(x, y); }';

/** The statements of a kernel and the functions they call, to stand in a module of our own. */
export function translateParts(
  gpu: GpuModule,
  source: string,
  count: number,
  length: number,
): { readonly body: string; readonly functions: string } {
  const { translatedBody: body, translatedFunctions } = translated(gpu, source, count, length);
  const usesPower = /\b_pow\(/.test(body + translatedFunctions);
  return { body, functions: usesPower ? `${power}\n${translatedFunctions}` : translatedFunctions };
}

/** Functions of the kernels by name, for shaders of our own: `wlExp` becomes `fn_wlExp`. */
export function functionsNamed(gpu: GpuModule, names: readonly string[]): string {
  const calls = names.map((name) => `${name}(${name === 'wlMaximum' ? 'a0[0], a0[0]' : 'a0[0]'})`);
  return translateParts(gpu, `function(a0) { return ${calls.join(' + ')}; }`, 1, 1).functions;
}

/** Functions of several translations, each once. */
export const unite = (...texts: readonly string[]): string =>
  [...new Set(texts.flatMap((text) => text.split(/\n(?=fn )/).map((f) => f.trim())))].join('\n');

/**
 * A kernel source as WGSL by gpu.js, as it assembles it: uniform parameters at binding 0, the arguments behind it, the result
 * last.
 *
 * @param lengths - of the arguments
 * @param maxGroups - workgroups a dispatch may have along one axis; longer ones are folded into rows
 */
export function translate(
  gpu: GpuModule,
  source: string,
  length: number,
  lengths: readonly number[],
  maxGroups: number,
): Shader {
  const kernel = translated(gpu, source, lengths.length, length);
  kernel.paramsLayout = kernel.computeParamsLayout();
  const { columns, rows } = gridOf(length, maxGroups);
  const params = [length, 1, 1, columns * THREADS, ...lengths.flatMap((n) => [n, 1, 1, n])];
  return { code: kernel.assembleWGSL(), params: Uint32Array.from(params), groups: [columns, rows, 1] };
}
