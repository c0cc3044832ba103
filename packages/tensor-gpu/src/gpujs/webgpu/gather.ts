import type { KernelStep } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { refOf } from '../plan/kernels/single.js';
import type { Plan } from '../plan/pass.js';
import { argNames } from '../plan/text.js';
import { gridOf, THREADS } from './shader.js';

/** Rows by number, with integer indices: embedding tables may have more than 2^24 elements. The numbers are checked before. */
export function planGather(step: KernelStep, maxGroups: number): Plan {
  const [x, index] = step.inputs;
  const { args, nameOf } = argNames(step.inputs.map(refOf));
  const [values, numbers] = step.inputs.map((o) => nameOf(refOf(o)));
  const [, n, d] = x.layout.shape;
  const m = index.layout.shape[1];
  const length = sizeOf(step.output.layout.shape);
  const { columns, rows } = gridOf(length, maxGroups);
  const code = `${args.map((ref, i) => `@group(0) @binding(${i}) var<storage, read> ${nameOf(ref)} : array<f32>;`).join('\n')}
@group(0) @binding(${args.length}) var<storage, read_write> result : array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let cell = i32(id.x + id.y * ${columns * THREADS}u);
  if (cell >= ${length}) { return; }
  let column = cell % ${d};
  let place = cell / ${d};
  let row = i32(${numbers}[${index.layout.offset} + place]);
  result[cell] = ${values}[${x.layout.offset} + (place / ${m}) * ${n * d} + row * ${d} + column];
}
`;
  const shader = { code, params: null, groups: [columns, rows, 1] as const };
  return { passes: [{ source: code, length, args, result: refOf(step.output), shader }] };
}
