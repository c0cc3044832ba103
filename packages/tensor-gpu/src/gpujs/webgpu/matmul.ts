import type { KernelStep, Operand, Step } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Plan, Shader } from '../plan/pass.js';
import { argNames, indexText } from '../plan/text.js';
import { refOf } from '../plan/kernels/single.js';
import { type Tile, threadsOf, tileFor } from './tiles.js';

/** Terms of the inner axis that lie in workgroup memory at a time. */
const DEPTH = 16;
/** Terms of one float32 accumulation; longer sums run in blocks, so that rounding errors do not pile up. */
const BLOCK = 128;

const vector = (n: number): string => (n === 1 ? 'f32' : `vec${n}<f32>`);
const component = (name: string, i: number, n: number): string => (n === 1 ? name : `${name}[${i}]`);

/** What becomes of a cell before it is stored. */
export interface Epilogue {
  /** Declarations of the module. */
  readonly declarations: string;
  /** Statements that store a value at a cell of the result; both are expressions, the cell in parentheses. */
  readonly store: (value: string, cell: string) => string;
}

/** One operand in workgroup memory, inner axis outermost: `count` vectors of `width` cells along its own axis. */
function loading(
  name: string,
  array: string,
  operand: Operand,
  axes: { readonly own: number; readonly inner: number },
  sizes: { readonly own: number; readonly inner: number; readonly stacked: boolean },
  { across, width, threads }: { readonly across: number; readonly width: number; readonly threads: number },
): string {
  const { offset, shape, strides } = operand.layout;
  const vectors = across / width;
  const count = DEPTH * vectors;
  // Threads that follow each other read numbers that follow each other, as far as the layout allows.
  const innerFirst = strides[axes.inner] === 1 && strides[axes.own] !== 1;
  const at = indexText(offset, [
    ['stack', strides[0]],
    ['own', strides[axes.own]],
    ['inner', strides[axes.inner]],
  ]);
  const guard = (i: number): string => `
      {
        let own = first_${name} + ${width} * v + ${i};
        if (own < ${sizes.own} && term < ${sizes.inner}) {
          ${component('value', i, width)} = ${array}[${at}];
        }
      }`;
  const inner = shape[axes.inner];
  return `
    for (var t = i32(me); t < ${count}; t += ${threads}) {
      let d = ${innerFirst ? `t % ${DEPTH}` : `t / ${vectors}`};
      let v = ${innerFirst ? `t / ${DEPTH}` : `t % ${vectors}`};
      let term = start + d;
      ${sizes.stacked ? `let stack = term / ${inner};\n      let inner = term % ${inner};` : 'let inner = term;'}
      var value = ${vector(width)}(0.0);${Array.from({ length: width }, (_, i) => guard(i)).join('')}
      ${name}[d * ${vectors} + v] = value;
    }`;
}

/** The shader of a stack of products, or of their sum. */
export function productShader(
  { name, inputs: [a, b] }: KernelStep,
  maxGroups: number,
  arrays: readonly [string, string],
  bindings: readonly string[],
  epilogue: Epilogue | null,
  chosen?: Tile,
): Shader {
  const [batch, m, k] = a.layout.shape;
  const n = b.layout.shape[2];
  const stacked = name === 'dotSum';
  const stack = stacked ? 1 : batch;
  const terms = stacked ? batch * k : k;
  const tile = chosen ?? tileFor(stack, m, n);
  const { rows, columns, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / columns)];
  const groups = stack * down * across;
  const lines = Math.ceil(groups / maxGroups);
  const width = Math.ceil(groups / lines);
  const sizes = (own: number) => ({ own, inner: terms, stacked });
  const blocked = terms > BLOCK;
  const each = Array.from({ length: threadRows }, (_, i) => i);
  const store = epilogue?.store ?? ((value, cell) => `result[${cell}] = ${value};`);
  const storing = each.flatMap((i) =>
    Array.from({ length: threadColumns }, (_, j) => {
      const value = component(`${blocked ? 'total' : 'part'}${i}`, j, threadColumns);
      return `
  if (row + ${i} < ${m} && column + ${j} < ${n}) { ${store(value, `(stackCell + (row + ${i}) * ${n} + column + ${j})`)} }`;
    }),
  );
  const code = `${bindings.map((array, i) => `@group(0) @binding(${i}) var<storage, ${array === 'result' ? 'read_write' : 'read'}> ${array} : array<f32>;`).join('\n')}
${epilogue?.declarations ?? ''}
var<workgroup> left : array<${vector(threadRows)}, ${(DEPTH * rows) / threadRows}>;
var<workgroup> right : array<${vector(threadColumns)}, ${(DEPTH * columns) / threadColumns}>;

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) me : u32) {
  let id = i32(group.x + group.y * ${width}u);
  if (id >= ${groups}) { return; }
  let first_right = (id % ${across}) * ${columns};
  let first_left = ((id / ${across}) % ${down}) * ${rows};
  ${stacked ? '' : `let stack = id / ${down * across};`}
  let stackCell = ${stacked ? '0' : `stack * ${m * n}`};
  let threadColumn = i32(me) % ${columns / threadColumns};
  let threadRow = i32(me) / ${columns / threadColumns};
  ${each.map((i) => `var part${i} = ${vector(threadColumns)}(0.0);${blocked ? ` var total${i} = ${vector(threadColumns)}(0.0);` : ''}`).join('\n  ')}
  for (var start = 0; start < ${terms}; start += ${DEPTH}) {${loading('left', arrays[0], a, { own: 1, inner: 2 }, sizes(m), { across: rows, width: threadRows, threads })}${loading('right', arrays[1], b, { own: 2, inner: 1 }, sizes(n), { across: columns, width: threadColumns, threads })}
    workgroupBarrier();
    for (var d = 0; d < ${DEPTH}; d++) {
      let x = left[d * ${rows / threadRows} + threadRow];
      let y = right[d * ${columns / threadColumns} + threadColumn];
      ${each.map((i) => `part${i} += ${component('x', i, threadRows)} * y;`).join('\n      ')}
    }
    workgroupBarrier();${
      blocked
        ? `
    if ((start / ${DEPTH}) % ${BLOCK / DEPTH} == ${BLOCK / DEPTH - 1} || start + ${DEPTH} >= ${terms}) {
      ${each.map((i) => `total${i} += part${i}; part${i} = ${vector(threadColumns)}(0.0);`).join('\n      ')}
    }`
        : ''
    }
  }
  let row = first_left + threadRow * ${threadRows};
  let column = first_right + threadColumn * ${threadColumns};${storing.join('')}
}
`;
  return { code, params: null, groups: [width, lines, 1] };
}

/** Below this many multiplications there is nothing to share between threads, and gpu.js's kernel of one thread a cell serves. */
const LEAST_WORK = 1 << 15;

/** Whether a step is a product that is worth tiles. */
export function isTiled(step: Step): step is KernelStep {
  if (step.kind !== 'kernel' || (step.name !== 'dot' && step.name !== 'dotSum')) return false;
  const [batch, m, k] = step.inputs[0].layout.shape;
  return batch * m * k * step.inputs[1].layout.shape[2] >= LEAST_WORK;
}

/** A stack of matrix products (`dot`), or the sum of one (`dotSum`), over operands in any layout. */
export function planProduct(step: KernelStep, maxGroups: number): Plan {
  const { args, nameOf } = argNames(step.inputs.map(refOf));
  const [left, right] = step.inputs.map((o) => nameOf(refOf(o)));
  const bindings = [...args.map(nameOf), 'result'];
  const shader = productShader(step, maxGroups, [left, right], bindings, null);
  return {
    passes: [
      {
        source: shader.code,
        length: sizeOf(step.output.layout.shape),
        args,
        result: refOf(step.output),
        shader,
      },
    ],
  };
}
