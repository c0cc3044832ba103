import type { Layout } from '../../tensor/layout.js';
import type { Shader } from '../plan/pass.js';
import { indexText } from '../plan/text.js';

/** Widths of queries, keys and values, at most: a thread keeps a sixteenth of a row of the result in registers. */
export const MAX_WIDTH = 256;

/** Threads along each side of a tile. */
const SIDE = 16;
const THREADS = SIDE * SIDE;
/** Keys in workgroup memory at a time. */
const KEYS = 2 * SIDE;
/** Numbers of each query and key in workgroup memory at a time. */
const DEPTH = 16;
/** Cells between rows of scores: one more than keys, so that threads that walk down rows use different banks. */
const PITCH = KEYS + 1;

/** What happens to a score before the softmax. */
export interface ScoreArithmetic {
  readonly declarations: string;
  /** Per mask, where its row begins; `row` is an expression that counts rows of the stack. */
  readonly rows: readonly { readonly start: (row: string) => string }[];
  /** The finished score from the product, the beginnings of the rows of the masks, and the number of the key. */
  readonly call: (product: string, starts: readonly string[], key: string) => string;
}

interface Stack {
  readonly array: string;
  readonly layout: Layout;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Copies `rows × columns` numbers of a matrix of a stack into workgroup memory, with zeros beyond its ends. */
function load(
  tile: string,
  { array, layout: { offset, strides, shape } }: Stack,
  axes: { readonly row: number; readonly column: number },
  from: { readonly row: string; readonly column: string },
  size: { readonly rows: number; readonly columns: number },
  cell: string,
): string {
  const at = indexText(offset, [
    ['stack', strides[0]],
    ['r', strides[axes.row]],
    ['c', strides[axes.column]],
  ]);
  return `
    for (var t = me; t < ${size.rows * size.columns}; t += ${THREADS}) {
      let row = t / ${size.columns};
      let column = t % ${size.columns};
      let r = ${from.row} + row;
      let c = ${from.column} + column;
      var number = 0.0;
      if (r < ${shape[axes.row]} && c < ${shape[axes.column]}) { number = ${array}[${at}]; }
      ${tile}[${cell}] = number;
    }`;
}

/**
 * Attention with a softmax that goes along: a workgroup takes some queries past all keys, a tile at a time, and keeps for each
 * query the largest score so far, the sum of powers and the weighted values relative to it (Milakov and Gimelshein 2018,
 * arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135).
 *
 * @param operands - queries `[B, T, d]`, keys `[B, d, S]`, values `[B, S, e]`, in any layout
 */
export function attentionShader(
  [q, k, v]: readonly Stack[],
  arithmetic: ScoreArithmetic | null,
  { arrays, declarations }: { readonly arrays: readonly string[]; readonly declarations: string },
  maxGroups: number,
): Shader {
  const [batch, queries, d] = q.layout.shape;
  const [, keys, e] = v.layout.shape;
  const each = range(queries > SIDE ? 2 : 1);
  const rows = SIDE * each.length;
  const down = Math.ceil(queries / rows);
  const groups = batch * down;
  const lines = Math.ceil(groups / maxGroups);
  const width = Math.ceil(groups / lines);
  // Columns of the result of a thread, in steps of SIDE; values come two steps at a time.
  const steps = range(Math.ceil(e / SIDE));
  const chunks = range(Math.ceil(steps.length / 2)).map((n) => steps.slice(2 * n, 2 * n + 2));
  const wide = SIDE * chunks[0].length;
  const lineOf = (i: number): string => (i === 0 ? 'line' : `line + ${SIDE * i}`);
  const cells = each.flatMap((i) => [0, 1].map((j) => ({ i, j })));
  const starts = each.flatMap((i) =>
    (arithmetic?.rows ?? []).map(({ start }, m) => {
      const row = `stack * ${queries} + min(first + ${lineOf(i)}, ${queries - 1})`;
      return `let start${m}_${i} = ${start(row)};`;
    }),
  );
  const scoreOf = (i: number, j: number): string => {
    const names = (arithmetic?.rows ?? []).map((_, m) => `start${m}_${i}`);
    return arithmetic?.call(`dot${i}_${j}`, names, 'key') ?? `dot${i}_${j}`;
  };
  const code = `${[...arrays, 'output'].map((array, i) => `@group(0) @binding(${i}) var<storage, ${array === 'output' ? 'read_write' : 'read'}> ${array} : array<f32>;`).join('\n')}
${declarations}
${arithmetic?.declarations ?? ''}
var<workgroup> queryTile : array<f32, ${DEPTH * rows}>;
var<workgroup> keyTile : array<f32, ${DEPTH * KEYS}>;
var<workgroup> valueTile : array<f32, ${KEYS * wide}>;
var<workgroup> scores : array<f32, ${rows * PITCH}>;
var<workgroup> tops : array<f32, ${rows}>;
var<workgroup> shifts : array<f32, ${rows}>;
var<workgroup> factors : array<f32, ${rows}>;
var<workgroup> totals : array<f32, ${rows}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) place : vec3<u32>, @builtin(local_invocation_index) thread : u32) {
  let id = i32(place.x + place.y * ${width}u);
  if (id >= ${groups}) { return; }
  let me = i32(thread);
  let stack = id / ${down};
  let first = (id % ${down}) * ${rows};
  let line = me / ${SIDE};
  let lane = me % ${SIDE};
  ${starts.join('\n  ')}
  ${each.flatMap((i) => steps.map((c) => `var sum${i}_${c} = 0.0;`)).join(' ')}
  if (me < ${rows}) {
    tops[me] = -fn_wlInfinity(0.5);
    totals[me] = 0.0;
  }
  for (var start = 0; start < ${keys}; start += ${KEYS}) {
    ${cells.map(({ i, j }) => `var dot${i}_${j} = 0.0;`).join(' ')}
    for (var depth = 0; depth < ${d}; depth += ${DEPTH}) {
    workgroupBarrier();${load('queryTile', q, { row: 1, column: 2 }, { row: 'first', column: 'depth' }, { rows, columns: DEPTH }, `column * ${rows} + row`)}${load('keyTile', k, { row: 2, column: 1 }, { row: 'start', column: 'depth' }, { rows: KEYS, columns: DEPTH }, `column * ${KEYS} + row`)}
    workgroupBarrier();
    for (var n = 0; n < ${DEPTH}; n++) {
      ${each.map((i) => `let query${i} = queryTile[n * ${rows} + ${lineOf(i)}];`).join(' ')}
      ${[0, 1].map((j) => `let key${j} = keyTile[n * ${KEYS} + lane + ${SIDE * j}];`).join(' ')}
      ${cells.map(({ i, j }) => `dot${i}_${j} += query${i} * key${j};`).join(' ')}
    }
    }
    ${cells
      .map(
        ({ i, j }) => `{
      let key = start + lane + ${SIDE * j};
      var found = -fn_wlInfinity(0.5);
      if (key < ${keys}) { found = ${scoreOf(i, j)}; }
      scores[(${lineOf(i)}) * ${PITCH} + lane + ${SIDE * j}] = found;
    }`,
      )
      .join('\n    ')}
    workgroupBarrier();
    if (me < ${rows}) {
      var top = tops[me];
      for (var n = 0; n < ${KEYS}; n++) { top = fn_wlMaximum(top, scores[me * ${PITCH} + n]); }
      // While a query has seen nothing there is nothing to be relative to.
      var shift = top;
      if (top < -0x1.fffffep+127) { shift = 0.0; }
      factors[me] = fn_wlExp(tops[me] - shift);
      shifts[me] = shift;
      tops[me] = top;
    }
    workgroupBarrier();
    ${cells
      .map(({ i, j }) => {
        const cell = `scores[(${lineOf(i)}) * ${PITCH} + lane + ${SIDE * j}]`;
        return `${cell} = fn_wlExp(${cell} - shifts[${lineOf(i)}]);`;
      })
      .join('\n    ')}
    workgroupBarrier();
    if (me < ${rows}) {
      var part = 0.0;
      for (var n = 0; n < ${KEYS}; n++) { part += scores[me * ${PITCH} + n]; }
      totals[me] = totals[me] * factors[me] + part;
    }${chunks
      .map((chunk, n) => {
        const own = each.flatMap((i) => chunk.map((c) => ({ i, c })));
        return `
    ${n === 0 ? '' : 'workgroupBarrier();'}${load('valueTile', v, { row: 1, column: 2 }, { row: 'start', column: String(n * wide) }, { rows: KEYS, columns: wide }, 't')}
    workgroupBarrier();
    {
      ${own.map(({ i, c }) => `var part${i}_${c} = 0.0;`).join(' ')}
      for (var n = 0; n < ${KEYS}; n++) {
        ${each.map((i) => `let weight${i} = scores[(${lineOf(i)}) * ${PITCH} + n];`).join(' ')}
        ${chunk.map((c, at) => `let value${c} = valueTile[n * ${wide} + lane + ${SIDE * at}];`).join(' ')}
        ${own.map(({ i, c }) => `part${i}_${c} += weight${i} * value${c};`).join(' ')}
      }
      ${own.map(({ i, c }) => `sum${i}_${c} = sum${i}_${c} * factors[${lineOf(i)}] + part${i}_${c};`).join(' ')}
    }`;
      })
      .join('')}
  }
  workgroupBarrier();
  ${each
    .map(
      (i) => `if (first + ${lineOf(i)} < ${queries}) {
    let cell = (stack * ${queries} + first + ${lineOf(i)}) * ${e} + lane;
    let total = totals[${lineOf(i)}];
    ${steps.map((c) => `if (lane + ${SIDE * c} < ${e}) { output[cell + ${SIDE * c}] = sum${i}_${c} / total; }`).join('\n    ')}
  }`,
    )
    .join('\n  ')}
}
`;
  return { code, params: null, groups: [width, lines, 1] };
}
