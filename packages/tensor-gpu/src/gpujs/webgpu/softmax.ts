import type { MapStep, Operand, ReduceStep, Step } from '../../lower/program.js';
import { contiguous, type Layout } from '../../tensor/layout.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { GpuModule } from '../gpu-module.js';
import { refOf } from '../plan/kernels/single.js';
import type { Pass } from '../plan/pass.js';
import { functionsNamed, gridOf, indexOf, THREADS } from './shader.js';
import { isWhole, spell, type Uses } from './uses.js';

/** The steps of `softmax` or `logSoftmax` along one axis, whose values in between nobody else reads. */
export interface Softmax {
  readonly steps: readonly Step[];
  readonly isLog: boolean;
  readonly shape: Shape;
  readonly axis: number;
  readonly input: Operand;
  readonly output: Operand;
}

const sameLayout = (a: Layout, b: Layout): boolean =>
  a.offset === b.offset &&
  a.shape.length === b.shape.length &&
  a.shape.every((n, i) => n === b.shape[i] && (n === 1 || a.strides[i] === b.strides[i]));

/** One number for each row, seen along the rows. */
function spreadOver(shape: Shape, axis: number): Layout {
  const { strides } = contiguous(shape.toSpliced(axis, 1));
  return { shape, offset: 0, strides: strides.toSpliced(axis, 0, 0) };
}

const isFloatMap = (step: Step | undefined): step is MapStep =>
  step?.kind === 'map' && step.outputs.length === 1 && step.nodes.every((n) => n.dtype === 'float32');

/** The softmax that begins with `top`, the maximum of each row. */
export function matchSoftmax(top: Step, { readersOf }: Uses): Softmax | null {
  if (top.kind !== 'reduce' || top.op !== 'max' || top.axes.length !== 1) return null;
  const { shape, axes } = top;
  const [size, spread] = [sizeOf(shape), spreadOver(shape, axes[0])];
  const [input] = top.inputs;
  if (top.nodes[top.node].op !== 'load' || input.dtype !== 'float32' || size === 0) return null;

  const isInput = (o: Operand): boolean => o.buffer === input.buffer && sameLayout(o.layout, input.layout);
  const isRowValue = (o: Operand, of: number): boolean => o.buffer === of && sameLayout(o.layout, spread);
  const isRow = (o: Operand, of: number): boolean => o.buffer === of && isWhole(o, size);
  const onlyReader = (buffer: number): Step | undefined => {
    const readers = readersOf(buffer);
    return readers.length === 1 ? readers[0] : undefined;
  };

  const centre = onlyReader(top.output.buffer);
  if (!isFloatMap(centre) || sizeOf(centre.shape) !== size) return null;
  const centred = spell(centre, centre.outputs[0].node, (o) =>
    isInput(o) ? 'x' : isRowValue(o, top.output.buffer) ? 'top' : '?',
  );
  const isLog = centred === 'sub(x,top)';
  if (!isLog && centred !== 'exp(sub(x,top))') return null;

  const middle = centre.outputs[0].target.buffer;
  const readers = readersOf(middle);
  const sum = readers.find((s): s is ReduceStep => s.kind === 'reduce' && s.op === 'sum');
  if (readers.length !== 2 || !sum || !sameLayout(contiguous(sum.shape), contiguous(shape))) return null;
  const term = spell(sum, sum.node, (o) => (isRow(o, middle) ? 'row' : '?'));
  if (sum.axes.join() !== axes.join() || term !== (isLog ? 'exp(row)' : 'row')) return null;

  const steps: Step[] = [top, centre, sum];
  let total = sum.output.buffer;
  if (isLog) {
    const log = onlyReader(total);
    const rows = size / shape[axes[0]];
    if (!isFloatMap(log)) return null;
    const text = spell(log, log.outputs[0].node, (o) => (isWhole(o, rows) ? 'total' : '?'));
    if (text !== 'log(total)') return null;
    steps.push(log);
    total = log.outputs[0].target.buffer;
  }
  const last = onlyReader(total);
  if (!isFloatMap(last) || !readers.includes(last) || sizeOf(last.shape) !== size) return null;
  const text = spell(last, last.outputs[0].node, (o) =>
    isRow(o, middle) ? 'row' : isRowValue(o, total) ? 'total' : '?',
  );
  if (text !== (isLog ? 'sub(row,total)' : 'div(row,total)')) return null;
  return {
    steps: [...steps, last],
    isLog,
    shape,
    axis: axes[0],
    input,
    output: last.outputs[0].target,
  };
}

/** Threads that share a row, at most. */
const MAX_LANES = 256;
/** Terms of one float32 accumulation. */
const BLOCK = 128;

/** Rows in one kernel: threads in workgroup memory find their maximum and their sum together. */
export function softmaxPass(gpu: GpuModule, found: Softmax, maxGroups: number): Pass {
  const { shape, axis, input, output, isLog } = found;
  const n = shape[axis];
  const rows = sizeOf(shape) / n;
  let lanes = 1;
  while (lanes < MAX_LANES && lanes * 4 < n) lanes *= 2;
  const threads = Math.max(THREADS, lanes);
  const { columns: width, rows: lines } = gridOf(rows * lanes, maxGroups, threads);
  const kept = shape.map((_, a) => a).filter((a) => a !== axis);
  const start = ({ offset, strides }: Layout): string =>
    indexOf(
      'row',
      kept.map((a) => ({ size: shape[a], stride: strides[a] })),
      offset,
    );
  const from = `x[first + k * ${input.layout.strides[axis]}]`;
  const target = contiguous(shape);
  /** All threads of a row put their numbers together; a thread alone has its row's number already. */
  const together = (combine: (a: string, b: string) => string): string =>
    lanes === 1
      ? ''
      : `
  workgroupBarrier();
  for (var half = ${lanes / 2}; half > 0; half = half / 2) {
    if (lane < half) { numbers[me] = ${combine('numbers[me]', 'numbers[me + half]')}; }
    workgroupBarrier();
  }`;
  const code = `@group(0) @binding(0) var<storage, read> x : array<f32>;
@group(0) @binding(1) var<storage, read_write> result : array<f32>;
${functionsNamed(gpu, ['wlMaximum', 'wlExp', 'wlLog'])}
var<workgroup> numbers : array<f32, ${threads}>;

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) place : vec3<u32>, @builtin(local_invocation_index) thread : u32) {
  let me = i32(thread);
  let lane = me % ${lanes};
  // Threads behind the last row do as its threads do, but store nothing.
  let own = i32(place.x + place.y * ${width}u) * ${threads / lanes} + me / ${lanes};
  let row = min(own, ${rows - 1});
  let first = ${start(input.layout)};
  var top = x[first];
  for (var k = lane; k < ${n}; k += ${lanes}) { top = fn_wlMaximum(top, ${from}); }
  numbers[me] = top;${together((a, b) => `fn_wlMaximum(${a}, ${b})`)}
  top = numbers[me - lane];
  workgroupBarrier();
  var total = 0.0;
  for (var block = lane; block < ${n}; block += ${lanes * BLOCK}) {
    var part = 0.0;
    for (var k = block; k < min(block + ${lanes * BLOCK}, ${n}); k += ${lanes}) { part += fn_wlExp(${from} - top); }
    total += part;
  }
  numbers[me] = total;${together((a, b) => `${a} + ${b}`)}
  total = ${isLog ? 'fn_wlLog(numbers[me - lane])' : 'numbers[me - lane]'};
  if (own >= ${rows}) { return; }
  let cell = ${start(target)};
  for (var k = lane; k < ${n}; k += ${lanes}) {
    result[cell + k * ${target.strides[axis]}] = ${isLog ? `${from} - top - total` : `fn_wlExp(${from} - top) / total`};
  }
}
`;
  return {
    source: code,
    length: sizeOf(shape),
    args: [refOf(input)],
    result: refOf(output),
    shader: { code, params: null, groups: [width, lines, 1] },
  };
}
