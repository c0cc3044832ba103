import type { KernelStep, Operand } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { windowCount, type WindowParams } from '../../tensor/window.js';
import { buffer, MAX_ARGS, type Pass, type Plan, type Ref, Temporaries } from './pass.js';
import { accumulate, argNames, indexText, numberText, pass, unravel } from './text.js';

const refOf = (o: Operand): Ref => buffer(o.buffer);
const cellsOf = ({ output }: KernelStep): number => sizeOf(output.layout.shape);

/** A kernel over the buffers of a step: `lines` gets their names. */
function single(step: KernelStep, lines: (...names: string[]) => readonly string[]): Plan {
  const { args, nameOf } = argNames(step.inputs.map(refOf));
  return { passes: [pass(args, refOf(step.output), cellsOf(step), lines(...step.inputs.map((o) => nameOf(refOf(o)))))] };
}
const add = (a: string, b: string): string => `${a} + ${b}`;
const thread = 'this.thread.x';

/** A shape seen as (before the axis, the axis, behind it). */
const around = (shape: readonly number[], axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis],
  sizeOf(shape.slice(axis + 1)),
];

/** Σ over `terms` products; `terms` are the inner axis, and for `dotSum` the stack too. */
function product(step: KernelStep, stacked: boolean): Plan {
  const [a, b] = step.inputs;
  const [batch, m, k] = a.layout.shape;
  const n = b.layout.shape[2];
  const [sa, rowA, columnA] = a.layout.strides;
  const [sb, rowB, columnB] = b.layout.strides;
  return single(step, (left, right) => [
    ...(stacked ? unravel(thread, [m, n], 'i') : unravel(thread, [batch, m, n], 'i')),
    ...accumulate(stacked ? batch * k : k, 'wlNumber(0)', add, (at) => {
      const [stack, row, column, inner] = stacked ? ['r0', 'i0', 'i1', 'r1'] : ['i0', 'i1', 'i2', at];
      const x = indexText(a.layout.offset, [[stack, sa], [row, rowA], [inner, columnA]]);
      const y = indexText(b.layout.offset, [[stack, sb], [inner, rowB], [column, columnB]]);
      return [...(stacked ? unravel(at, [batch, k], 'r') : []), `const term = ${left}[${x}] * ${right}[${y}];`];
    }),
    'return total;',
  ]);
}

/** Longest rows that are ranked by comparing all pairs; longer ones are sorted by the wasm core. */
export const LONGEST_RANKED_ROW = 2048;

function argsort(step: KernelStep): Plan {
  const [x] = step.inputs;
  const { descending } = step.params as { descending: boolean };
  const n = x.layout.shape.at(-1)!;
  if (n > LONGEST_RANKED_ROW) return { refused: `argsort of rows longer than ${LONGEST_RANKED_ROW}` };
  const cells = cellsOf(step);
  const ranks = new Temporaries().next();
  const { offset } = x.layout;
  // NaN comes last in both directions: only numbers change places.
  const order = descending
    ? 'wlOrder(other, own) * wlIsNumber(own) * wlIsNumber(other) * -1 + wlIsNumber(other) - wlIsNumber(own)'
    : 'wlOrder(other, own)';
  const rank = pass([refOf(x)], ranks, cells, [
    ...unravel(thread, [cells / n, n], 'i'),
    `const own = a0[${indexText(offset, [['i0', n], ['i1', 1]])}];`,
    ...accumulate(n, 'wlNumber(0)', add, (k) => [
      `const other = a0[${indexText(offset, [['i0', n], [k, 1]])}];`,
      `const order = ${order};`,
      `const term = wlOr(wlGreater(order, 0), wlAnd(wlEqual(order, 0), wlLess(${k}, i1)));`,
    ]),
    'return total;',
  ]);
  const place = pass([ranks], refOf(step.output), cells, [
    ...unravel(thread, [cells / n, n], 'i'),
    ...accumulate(n, 'wlNumber(0)', add, (k) => [
      `const term = wlEqual(a0[${indexText(0, [['i0', n], [k, 1]])}], i1) * ${k};`,
    ]),
    'return total;',
  ]);
  return { passes: [rank, place] };
}

/** Running sums: sums of blocks, their running sums, and what is missing within a block. */
const SCAN_BLOCK = 128;

function scanPasses(source: Ref, offset: number, dims: readonly [number, number, number], reverse: boolean, result: Ref, temporaries: Temporaries): Pass[] {
  const [outer, n, inner] = dims;
  const at = (k: string): string =>
    indexText(offset, [['i0', n * inner], [reverse ? `(${n - 1} - ${k})` : k, inner], ['i2', 1]]);
  const blocks = Math.ceil(n / SCAN_BLOCK);
  const own = (from: string, last: string): string[] => [
    'let total = wlNumber(0);',
    `for (let j = 0; j < ${Math.min(SCAN_BLOCK, n)}; j++) {`,
    `  const k = ${from} + j;`,
    `  if (k <= ${last}) {`,
    `    total = total + a0[${at('k')}];`,
    '  }',
    '}',
  ];
  const place = reverse ? `const p = ${n - 1} - i1;` : 'const p = i1;';
  if (blocks === 1) {
    const lines = [...unravel(thread, dims, 'i'), place, ...own('0', 'p'), 'return total;'];
    return [pass([source], result, outer * n * inner, lines)];
  }
  const [sums, before] = [temporaries.next(), temporaries.next()];
  const blockSums = pass([source], sums, outer * blocks * inner, [
    ...unravel(thread, [outer, blocks, inner], 'i'),
    `const first = i1 * ${SCAN_BLOCK};`,
    ...own('first', String(n - 1)),
    'return total;',
  ]);
  const running = scanPasses(sums, 0, [outer, blocks, inner], false, before, temporaries);
  const finish = pass([source, before], result, outer * n * inner, [
    ...unravel(thread, dims, 'i'),
    place,
    `const block = wlQuotient(p, ${SCAN_BLOCK});`,
    `const first = block * ${SCAN_BLOCK};`,
    ...own('first', 'p'),
    `if (block > 0) {`,
    `  total = total + a1[${indexText(0, [['i0', blocks * inner], ['(block - 1)', inner], ['i2', 1]])}];`,
    '}',
    'return total;',
  ]);
  return [blockSums, ...running, finish];
}

/** Joins at most as many parts as a kernel may have inputs; more are joined in groups first. */
function concatPasses(parts: readonly { ref: Ref; offset: number; size: number }[], outer: number, inner: number, result: Ref, temporaries: Temporaries): Pass[] {
  if (parts.length > MAX_ARGS) {
    const passes: Pass[] = [];
    const groups = Array.from({ length: Math.ceil(parts.length / MAX_ARGS) }, (_, g) => {
      const group = parts.slice(g * MAX_ARGS, (g + 1) * MAX_ARGS);
      if (group.length === 1) return group[0];
      const ref = temporaries.next();
      passes.push(...concatPasses(group, outer, inner, ref, temporaries));
      return { ref, offset: 0, size: group.reduce((n, p) => n + p.size, 0) };
    });
    return [...passes, ...concatPasses(groups, outer, inner, result, temporaries)];
  }
  const total = parts.reduce((n, p) => n + p.size, 0);
  const { args, nameOf } = argNames(parts.map((p) => p.ref));
  const lines = unravel(thread, [outer, total, inner], 'i');
  let at = 0;
  for (const { ref, offset, size } of parts) {
    const index = indexText(offset, [['i0', size * inner], [at === 0 ? 'i1' : `(i1 - ${at})`, inner], ['i2', 1]]);
    at += size;
    lines.push(at === total ? `return ${nameOf(ref)}[${index}];` : `if (i1 < ${at}) { return ${nameOf(ref)}[${index}]; }`);
  }
  return [pass(args, result, outer * total * inner, lines)];
}

type Planner = (step: KernelStep) => Plan;

/** Kernel steps by name. Inputs are contiguous, but for those of `dot` and `dotSum`. */
export const kernelPlanners: Record<string, Planner> = {
  dot: (step) => product(step, false),
  dotSum: (step) => product(step, true),

  gather: (step) => {
    const [x, index] = step.inputs;
    const [batch, n, d] = x.layout.shape;
    const m = index.layout.shape[1];
    return single(step, (values, indices) => [
      ...unravel(thread, [batch, m, d], 'i'),
      `const row = ${indices}[${indexText(index.layout.offset, [['i0', m], ['i1', 1]])}];`,
      `return ${values}[${indexText(x.layout.offset, [['i0', n * d], ['row', d], ['i2', 1]])}];`,
    ]);
  },

  scatterAdd: (step) => {
    const [index, updates] = step.inputs;
    const { n } = step.params as { n: number };
    const [batch, m, d] = updates.layout.shape;
    return single(step, (indices, values) => [
      ...unravel(thread, [batch, n, d], 'i'),
      ...accumulate(m, 'wlNumber(0)', add, (k) => [
        `const value = ${values}[${indexText(updates.layout.offset, [['i0', m * d], [k, d], ['i2', 1]])}];`,
        `const hit = wlEqual(${indices}[${indexText(index.layout.offset, [['i0', m], [k, 1]])}], i1);`,
        'const term = wlSelect(hit, value, 0);',
      ]),
      'return total;',
    ]);
  },

  arg: (step) => {
    const [x] = step.inputs;
    const { axis, kind } = step.params as { axis: number; kind: 'max' | 'min' };
    const [outer, n, inner] = around(x.layout.shape, axis);
    const sign = kind === 'max' ? '' : '-';
    const at = (k: string): string => indexText(x.layout.offset, [['i0', n * inner], [k, inner], ['i1', 1]]);
    return single(step, (values) => [
      ...unravel(thread, [outer, inner], 'i'),
      `let best = ${sign}${values}[${at('0')}];`,
      'let place = 0;',
      `for (let k = 1; k < ${n}; k++) {`,
      `  const v = ${sign}${values}[${at('k')}];`,
      '  if (wlBeats(v, best) != 0) {',
      '    best = v;',
      '    place = k;',
      '  }',
      '}',
      'return place;',
    ]);
  },

  cumsum: (step) => {
    const [x] = step.inputs;
    const { axis, reverse } = step.params as { axis: number; reverse: boolean };
    const dims = around(x.layout.shape, axis);
    return { passes: scanPasses(refOf(x), x.layout.offset, dims, reverse, refOf(step.output), new Temporaries()) };
  },

  argsort,

  unfold: (step) => {
    const [x] = step.inputs;
    const [, channels] = x.layout.shape;
    const w = step.params as WindowParams;
    const [oh, ow] = windowCount(w);
    const [h, width] = w.input;
    return single(step, (image) => [
      ...unravel(thread, [x.layout.shape[0], channels, ...w.kernel, oh, ow], 'i'),
      `const y = i4 * ${w.stride[0]} + i2 * ${w.dilation[0]} - ${w.padding[0][0]};`,
      `const z = i5 * ${w.stride[1]} + i3 * ${w.dilation[1]} - ${w.padding[1][0]};`,
      `if (y >= 0 && y < ${h} && z >= 0 && z < ${width}) {`,
      `  return ${image}[${indexText(x.layout.offset, [['i0', channels * h * width], ['i1', h * width], ['y', width], ['z', 1]])}];`,
      '}',
      `return ${numberText(w.fill)};`,
    ]);
  },

  fold: (step) => {
    const [x] = step.inputs;
    const [batch, channels, h, width] = step.output.layout.shape;
    const w = step.params as WindowParams;
    const [kh, kw] = w.kernel;
    const [oh, ow] = windowCount(w);
    const column = oh * ow;
    return single(step, (columns) => [
      ...unravel(thread, [batch, channels, h, width], 'i'),
      'let total = wlNumber(0);',
      `for (let p = 0; p < ${kh}; p++) {`,
      `  const y = i2 + ${w.padding[0][0]} - p * ${w.dilation[0]};`,
      `  const row = wlQuotient(y, ${w.stride[0]});`,
      `  if (y >= 0 && row < ${oh} && row * ${w.stride[0]} == y) {`,
      `    for (let q = 0; q < ${kw}; q++) {`,
      `      const z = i3 + ${w.padding[1][0]} - q * ${w.dilation[1]};`,
      `      const place = wlQuotient(z, ${w.stride[1]});`,
      `      if (z >= 0 && place < ${ow} && place * ${w.stride[1]} == z) {`,
      `        total = total + ${columns}[${indexText(x.layout.offset, [['i0', channels * kh * kw * column], ['i1', kh * kw * column], ['p', kw * column], ['q', column], ['row', ow], ['place', 1]])}];`,
      '      }',
      '    }',
      '  }',
      '}',
      'return total;',
    ]);
  },

  embed: (step) => {
    const [x] = step.inputs;
    const { starts, sizes, steps } = step.params as { starts: number[]; sizes: number[]; steps: number[] };
    const { shape } = step.output.layout;
    const strides = sizes.map((_, a) => sizeOf(sizes.slice(a + 1)));
    return single(step, (values) => [
      ...unravel(thread, shape, 'i'),
      ...shape.flatMap((_, a) => [
        `const d${a} = ${steps[a] > 0 ? `i${a} - ${starts[a]}` : `${starts[a]} - i${a}`};`,
        `const q${a} = wlQuotient(d${a}, ${Math.abs(steps[a])});`,
        `if (d${a} < 0 || q${a} >= ${sizes[a]} || q${a} * ${Math.abs(steps[a])} != d${a}) { return 0; }`,
      ]),
      `return ${values}[${indexText(x.layout.offset, sizes.map((_, a) => [`q${a}`, strides[a]] as const))}];`,
    ]);
  },

  concat: (step) => {
    const { axis } = step.params as { axis: number };
    const [outer, , inner] = around(step.output.layout.shape, axis);
    const parts = step.inputs
      .map((x) => ({ ref: refOf(x), offset: x.layout.offset, size: x.layout.shape[axis] }))
      .filter(({ size }) => size > 0);
    return { passes: concatPasses(parts, outer, inner, refOf(step.output), new Temporaries()) };
  },
};
