import type { KernelStep, Operand, Step } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Plan, Shader } from '../plan/pass.js';
import { argNames } from '../plan/text.js';
import { refOf } from '../plan/kernels/single.js';
import { type Dispatch, threadsOf, tileFor } from './tiles.js';

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

/** What a shader is told of a product: its sizes, how it is cut, and the strides of its operands. */
const SIZES = [
  ...['m', 'n', 'k', 'terms', 'groups', 'across', 'down', 'width'],
  ...['left_offset', 'left_stack', 'left_own', 'left_inner'],
  ...['right_offset', 'right_stack', 'right_own', 'right_inner'],
] as const;
type Sizes = Readonly<Record<(typeof SIZES)[number], number>>;

/** One operand in workgroup memory, inner axis outermost: `count` vectors of `width` cells along its own axis. */
function loading(
  name: 'left' | 'right',
  array: string,
  {
    size,
    innerFirst,
    stacked,
  }: { readonly size: 'm' | 'n'; readonly innerFirst: boolean; readonly stacked: boolean },
  { across, width, threads }: { readonly across: number; readonly width: number; readonly threads: number },
): string {
  const vectors = across / width;
  const count = DEPTH * vectors;
  const at = `p.${name}_offset + stack * p.${name}_stack + own * p.${name}_own + inner * p.${name}_inner`;
  const guard = (i: number): string => `
      {
        let own = first_${name} + ${width} * v + ${i};
        if (own < p.${size} && term < p.terms) {
          ${component('value', i, width)} = ${array}[${at}];
        }
      }`;
  return `
    for (var t = i32(me); t < ${count}; t += ${threads}) {
      let d = ${innerFirst ? `t % ${DEPTH}` : `t / ${vectors}`};
      let v = ${innerFirst ? `t / ${DEPTH}` : `t % ${vectors}`};
      let term = start + d;
      ${stacked ? 'let stack = term / p.k;\n      let inner = term % p.k;' : 'let inner = term;'}
      var value = ${vector(width)}(0.0);${Array.from({ length: width }, (_, i) => guard(i)).join('')}
      ${name}[d * ${vectors} + v] = value;
    }`;
}

/** Threads that follow each other read numbers that follow each other, as far as the layout allows. */
const isInnerFirst = ({ layout: { strides } }: Operand, own: number, inner: number): boolean =>
  strides[inner] === 1 && strides[own] !== 1;

/**
 * The shader of a stack of products, or of their sum. Sizes and strides come in as numbers, so that products of many shapes share
 * a program, which takes a device long to compile.
 */
export function productShader(
  { name, inputs: [a, b] }: KernelStep,
  { maxGroups }: Dispatch,
  arrays: readonly [string, string],
  bindings: readonly string[],
  epilogue: Epilogue | null,
): Shader {
  const [batch, m, k] = a.layout.shape;
  const n = b.layout.shape[2];
  const stacked = name === 'dotSum';
  const stack = stacked ? 1 : batch;
  const terms = stacked ? batch * k : k;
  const tile = tileFor(stack, m, n);
  const { rows, columns, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / columns)];
  const groups = stack * down * across;
  const lines = Math.ceil(groups / maxGroups);
  const width = Math.ceil(groups / lines);
  const [leftStack, leftOwn, leftInner] = a.layout.strides;
  const [rightStack, rightInner, rightOwn] = b.layout.strides;
  const sizes: Sizes = {
    ...{ m, n, k, terms, groups, across, down, width },
    ...{ left_offset: a.layout.offset, left_stack: leftStack, left_own: leftOwn, left_inner: leftInner },
    ...{
      right_offset: b.layout.offset,
      right_stack: rightStack,
      right_own: rightOwn,
      right_inner: rightInner,
    },
  };
  const left = { size: 'm', innerFirst: isInnerFirst(a, 1, 2), stacked } as const;
  const right = { size: 'n', innerFirst: isInnerFirst(b, 2, 1), stacked } as const;
  const blocked = terms > BLOCK;
  const each = Array.from({ length: threadRows }, (_, i) => i);
  const store = epilogue?.store ?? ((value, cell) => `result[${cell}] = ${value};`);
  const storing = each.flatMap((i) =>
    Array.from({ length: threadColumns }, (_, j) => {
      const value = component(`${blocked ? 'total' : 'part'}${i}`, j, threadColumns);
      return `
  if (row + ${i} < p.m && column + ${j} < p.n) { ${store(value, `(stackCell + (row + ${i}) * p.n + column + ${j})`)} }`;
    }),
  );
  const code = `struct Sizes { ${SIZES.map((size) => `${size} : i32`).join(', ')} }
@group(0) @binding(0) var<uniform> p : Sizes;
${bindings.map((array, i) => `@group(0) @binding(${i + 1}) var<storage, ${array === 'result' ? 'read_write' : 'read'}> ${array} : array<f32>;`).join('\n')}
${epilogue?.declarations ?? ''}
var<workgroup> left : array<${vector(threadRows)}, ${(DEPTH * rows) / threadRows}>;
var<workgroup> right : array<${vector(threadColumns)}, ${(DEPTH * columns) / threadColumns}>;

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) me : u32) {
  let id = i32(group.x) + i32(group.y) * p.width;
  if (id >= p.groups) { return; }
  let first_right = (id % p.across) * ${columns};
  let first_left = ((id / p.across) % p.down) * ${rows};
  ${stacked ? '' : 'let stack = id / (p.down * p.across);'}
  let stackCell = ${stacked ? '0' : 'stack * p.m * p.n'};
  let threadColumn = i32(me) % ${columns / threadColumns};
  let threadRow = i32(me) / ${columns / threadColumns};
  ${each.map((i) => `var part${i} = ${vector(threadColumns)}(0.0);${blocked ? ` var total${i} = ${vector(threadColumns)}(0.0);` : ''}`).join('\n  ')}
  for (var start = 0; start < p.terms; start += ${DEPTH}) {${loading('left', arrays[0], left, { across: rows, width: threadRows, threads })}${loading('right', arrays[1], right, { across: columns, width: threadColumns, threads })}
    workgroupBarrier();
    for (var d = 0; d < ${DEPTH}; d++) {
      let x = left[d * ${rows / threadRows} + threadRow];
      let y = right[d * ${columns / threadColumns} + threadColumn];
      ${each.map((i) => `part${i} += ${component('x', i, threadRows)} * y;`).join('\n      ')}
    }
    workgroupBarrier();${
      blocked
        ? `
    if ((start / ${DEPTH}) % ${BLOCK / DEPTH} == ${BLOCK / DEPTH - 1} || start + ${DEPTH} >= p.terms) {
      ${each.map((i) => `total${i} += part${i}; part${i} = ${vector(threadColumns)}(0.0);`).join('\n      ')}
    }`
        : ''
    }
  }
  let row = first_left + threadRow * ${threadRows};
  let column = first_right + threadColumn * ${threadColumns};${storing.join('')}
}
`;
  const params = new Uint32Array(Int32Array.from(SIZES, (size) => sizes[size]).buffer);
  return { code, params, groups: [width, lines, 1] };
}

/** What tells a shader with its numbers from others. */
export const nameOfShader = ({ code, params }: Shader): string => `${params?.join() ?? ''} ${code}`;

/** Whether a step is a product that is worth tiles. */
export function isTiled(step: Step, { leastWork }: Dispatch): step is KernelStep {
  if (step.kind !== 'kernel' || (step.name !== 'dot' && step.name !== 'dotSum')) return false;
  const [batch, m, k] = step.inputs[0].layout.shape;
  return batch * m * k * step.inputs[1].layout.shape[2] >= leastWork;
}

/** A stack of matrix products (`dot`), or the sum of one (`dotSum`), over operands in any layout. */
export function planProduct(step: KernelStep, dispatch: Dispatch): Plan {
  const { args, nameOf } = argNames(step.inputs.map(refOf));
  const [left, right] = step.inputs.map((o) => nameOf(refOf(o)));
  const bindings = [...args.map(nameOf), 'result'];
  const shader = productShader(step, dispatch, [left, right], bindings, null);
  return {
    passes: [
      {
        source: nameOfShader(shader),
        length: sizeOf(step.output.layout.shape),
        args,
        result: refOf(step.output),
        shader,
      },
    ],
  };
}
