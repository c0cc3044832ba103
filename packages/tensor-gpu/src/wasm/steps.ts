import { ShapeError } from '../errors.js';
import type { KernelStep, MapStep, Operand, ReduceStep } from '../lower/program.js';
import type { Draw } from '../primitives/random.js';
import { bytesPerElement } from '../tensor/dtype.js';
import { applyView, contiguous, isContiguous } from '../tensor/layout.js';
import { sizeOf } from '../tensor/shape.js';
import { windowCount, type WindowParams } from '../tensor/window.js';
import type { WasmExecutor } from './executor.js';

export type Call = () => void;

/** What a step may use: buffer addresses of the present run, shared scratch, and elementwise loops. */
export interface Resources {
  readonly executor: WasmExecutor;
  readonly address: readonly number[];
  readonly scratch: { at: number; size: number };
  loop(step: MapStep | ReduceStep): Call;
}

type Prepare = (step: KernelStep, resources: Resources) => Call;

/** Turns one kernel step into a call of the core. */
export function prepareKernel(step: KernelStep, resources: Resources): Call {
  const prepare = kernels[step.name];
  if (!prepare) throw new Error(`the wasm backend has no kernel named ${step.name}`);
  return prepare(step, resources);
}

const needScratch = ({ scratch }: Resources, bytes: number): void => {
  scratch.size = Math.max(scratch.size, bytes);
};
const offsetOf = ({ layout, dtype }: Operand): number => layout.offset * bytesPerElement(dtype);

const kernels: Record<string, Prepare> = {
  dot({ inputs: [a, b], output }, resources) {
    const { executor, address, scratch } = resources;
    const { core } = executor;
    const [batch, m, k] = a.layout.shape;
    const n = b.layout.shape[2];
    const [sa, rsA, csA] = a.layout.strides;
    const [sb, rsB, csB] = b.layout.strides;
    const [aOffset, bOffset] = [offsetOf(a), offsetOf(b)];
    const workspace = Math.ceil(core.sgemmWorkspace(m, n, k) / 64) * 64;
    const flops = 2 * batch * m * n * k;
    const parts = flops >= PARALLEL_FLOPS ? executor.threads : 1;
    needScratch(resources, workspace * parts);
    /** Arguments of one product over some rows and columns, or of a run of products. */
    const product = (part: Part, thread: number): number[] => {
      const at = address[a.buffer] + aOffset + 4 * part.batch * sa;
      const bt = address[b.buffer] + bOffset + 4 * (part.batch * sb + part.column * csB);
      const ct = address[output.buffer] + 4 * (part.batch * m * n + part.column);
      const ws = scratch.at + thread * workspace;
      const tail = [at, rsA, csA, bt, rsB, csB, ct, n, 0, 1, 0, 0, ws];
      return batch === 1
        ? [part.row, part.row + part.rows, part.columns, k, ...tail]
        : [part.batches, sa, sb, m * n, m, part.columns, k, ...tail];
    };
    const run = (args: number[]): void =>
      batch === 1
        ? core.sgemm(...(args as Parameters<typeof core.sgemm>))
        : core.sgemmBatched(...(args as Parameters<typeof core.sgemmBatched>));
    const pieces = splitProduct(batch, m, n, parts);
    if (pieces.length === 1) return () => run(product(pieces[0], 0));
    return () =>
      executor.share(
        pieces.map((piece, thread) => {
          const args = product(piece, thread);
          return { code: batch === 1 ? 2 : 3, args, here: () => run(args) };
        }),
      );
  },

  dotSum({ inputs: [a, b], output }, resources) {
    const { executor, address, scratch } = resources;
    const { core } = executor;
    const [batch, m, k] = a.layout.shape;
    const n = b.layout.shape[2];
    const [sa, rsA, csA] = a.layout.strides;
    const [sb, rsB, csB] = b.layout.strides;
    const [aOffset, bOffset] = [offsetOf(a), offsetOf(b)];
    needScratch(resources, core.sgemmWorkspace(m, n, k));
    return () => {
      for (let i = 0; i < batch; i++) {
        const at = address[a.buffer] + aOffset + 4 * i * sa;
        const bt = address[b.buffer] + bOffset + 4 * i * sb;
        const add = i === 0 ? 0 : 1;
        core.sgemm(
          0,
          m,
          n,
          k,
          at,
          rsA,
          csA,
          bt,
          rsB,
          csB,
          address[output.buffer],
          n,
          add,
          1,
          0,
          0,
          scratch.at,
        );
      }
    };
  },

  gather({ inputs: [x, index], output }, { executor: { core }, address }) {
    const [batch, n, d] = x.layout.shape;
    const m = index.layout.shape[1];
    const [xOffset, iOffset] = [offsetOf(x), offsetOf(index)];
    return () => {
      const at = address[index.buffer] + iOffset;
      checkIndices('take', core.checkIndices(batch * m, n, at), n);
      core.gatherRows(batch, m, d, address[x.buffer] + xOffset, n * d, at, m, address[output.buffer]);
    };
  },

  scatterAdd({ inputs: [index, updates], output, params }, { executor: { core }, address }) {
    const { n } = params as { n: number };
    const [batch, m, d] = updates.layout.shape;
    const [iOffset, uOffset] = [offsetOf(index), offsetOf(updates)];
    return () => {
      const at = address[index.buffer] + iOffset;
      checkIndices('scatterAdd', core.checkIndices(batch * m, n, at), n);
      const out = address[output.buffer];
      core.scatterAddRows(batch, n, m, d, at, m, address[updates.buffer] + uOffset, out, n * d);
    };
  },

  arg({ inputs: [x], output, params }, { executor: { core }, address }) {
    const { axis, kind } = params as { axis: number; kind: 'max' | 'min' };
    const [outer, n, inner] = around(x.layout.shape, axis);
    const offset = offsetOf(x);
    return () =>
      core.argReduce(
        outer,
        n,
        inner,
        address[x.buffer] + offset,
        address[output.buffer],
        kind === 'min' ? 1 : 0,
      );
  },

  cumsum({ inputs: [x], output, params }, { executor: { core }, address }) {
    const { axis, reverse } = params as { axis: number; reverse: boolean };
    const [outer, n, inner] = around(x.layout.shape, axis);
    const offset = offsetOf(x);
    const run = x.dtype === 'int32' ? core.cumsumRowsI32 : core.cumsumRows;
    return () => run(outer, n, inner, address[x.buffer] + offset, address[output.buffer], reverse ? 1 : 0);
  },

  argsort({ inputs: [x], output, params }, resources) {
    const { address, scratch, executor } = resources;
    const { descending } = params as { descending: boolean };
    const n = x.layout.shape.at(-1)!;
    const rows = sizeOf(x.layout.shape) / n;
    const offset = offsetOf(x);
    needScratch(resources, n * 8);
    const run = x.dtype === 'int32' ? executor.core.argsortRowsI32 : executor.core.argsortRows;
    return () =>
      run(rows, n, address[x.buffer] + offset, address[output.buffer], scratch.at, descending ? 1 : 0);
  },

  unfold({ inputs: [x], output, params }, { executor: { core }, address }) {
    const window = params as WindowParams;
    const geometry = windowGeometry(x.layout.shape[0], x.layout.shape[1], window);
    const offset = offsetOf(x);
    return () => core.unfold2d(...geometry, window.fill, address[x.buffer] + offset, address[output.buffer]);
  },

  fold({ inputs: [x], output, params }, { executor: { core }, address }) {
    const window = params as WindowParams;
    const geometry = windowGeometry(output.layout.shape[0], output.layout.shape[1], window);
    const offset = offsetOf(x);
    return () => core.fold2d(...geometry, address[x.buffer] + offset, address[output.buffer]);
  },

  embed({ inputs: [x], output, params }, { executor: { arena }, address, loop }) {
    const { starts, sizes, steps } = params as { starts: number[]; sizes: number[]; steps: number[] };
    const layout = applyView(contiguous(output.layout.shape), { op: 'slice', starts, sizes, steps })!;
    const copy = copyLoop(x, { ...output, layout }, loop);
    const bytes = sizeOf(output.layout.shape) * bytesPerElement(output.dtype);
    return () => {
      const at = address[output.buffer];
      new Uint8Array(arena.memory.buffer, at, bytes).fill(0);
      copy();
    };
  },

  concat({ inputs, output, params }, { loop }) {
    const { axis } = params as { axis: number };
    let at = 0;
    const copies = inputs.map((x) => {
      const { shape } = x.layout;
      const layout = applyView(contiguous(output.layout.shape), {
        op: 'slice',
        starts: shape.map((_, a) => (a === axis ? at : 0)),
        sizes: shape,
        steps: shape.map(() => 1),
      })!;
      at += shape[axis];
      return copyLoop(x, { ...output, layout }, loop);
    });
    return () => copies.forEach((copy) => copy());
  },

  draw({ inputs: [keys], output, params }, resources) {
    const { executor, address, scratch } = resources;
    const { draw, n } = params as { draw: Draw; n: number };
    const count = keys.layout.shape[0];
    const blocks = Math.ceil(n / 2);
    needScratch(resources, blocks * 8);
    const offset = offsetOf(keys);
    return () => {
      for (let k = 0; k < count; k++) {
        const word = (address[keys.buffer] + offset) / 4 + 2 * k;
        const words = executor.arena.words();
        executor.core.threefry2x32(words[word], words[word + 1], 0, blocks, scratch.at);
        const out = address[output.buffer] + k * n * 4;
        if (draw === 'bits') executor.core.copy(n * 4, scratch.at, out);
        else if (draw === 'uniform') executor.core.bitsToUniform(n, scratch.at, out, 0, 1);
        else executor.core.bitsToNormal(n, scratch.at, out);
      }
    };
  },

  foldKey({ inputs: [keys], output, params }, { executor: { core, arena }, address }) {
    const { c0, c1 } = params as { c0: number; c1: number };
    const offset = offsetOf(keys);
    const count = keys.layout.shape[0];
    return () => {
      const words = arena.words();
      for (let k = 0; k < count; k++) {
        const word = (address[keys.buffer] + offset) / 4 + 2 * k;
        core.threefryHash(words[word], words[word + 1], c0, c1, address[output.buffer] + 8 * k);
      }
    };
  },
};

/** Below this a product is not worth waking a helper for: about 30 µs of work. */
const PARALLEL_FLOPS = 2_000_000;

/** A piece of a stack of products. */
interface Part {
  readonly batch: number;
  readonly batches: number;
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** Cuts a stack by products, a single product by rows or columns; the bits of the result do not depend on it. */
function splitProduct(batch: number, m: number, n: number, parts: number): Part[] {
  const whole: Part = { batch: 0, batches: batch, row: 0, rows: m, column: 0, columns: n };
  if (parts === 1) return [whole];
  const ranges = (size: number, group: number): [number, number][] => {
    const each = Math.ceil(size / parts / group) * group;
    return Array.from({ length: Math.ceil(size / each) }, (_, i) => [
      i * each,
      Math.min(each, size - i * each),
    ]);
  };
  if (batch > 1) return ranges(batch, 1).map(([at, count]) => ({ ...whole, batch: at, batches: count }));
  if (m >= n) return ranges(m, 4).map(([at, count]) => ({ ...whole, row: at, rows: count }));
  return ranges(n, 8).map(([at, count]) => ({ ...whole, column: at, columns: count }));
}

function windowGeometry(batch: number, channels: number, window: WindowParams) {
  const { input, kernel, stride, dilation, padding } = window;
  const [oh, ow] = windowCount(window);
  return [
    ...[batch, channels, input[0], input[1], kernel[0], kernel[1], stride[0], stride[1]],
    ...[padding[0][0], padding[1][0], dilation[0], dilation[1], oh, ow],
  ] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
}

/** A shape seen as (before the axis, the axis, behind it). */
const around = (shape: readonly number[], axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis],
  sizeOf(shape.slice(axis + 1)),
];

function copyLoop(from: Operand, target: Operand, loop: Resources['loop']): Call {
  if (sizeOf(from.layout.shape) === 0) return () => undefined;
  if (!isContiguous(from.layout)) throw new Error('kernel inputs are contiguous');
  return loop({
    kind: 'map',
    shape: from.layout.shape,
    nodes: [{ op: 'load', input: 0, dtype: from.dtype }],
    inputs: [from],
    outputs: [{ node: 0, target }],
  });
}

function checkIndices(where: string, bad: number, n: number): void {
  if (bad < 0) return;
  throw new ShapeError({
    where,
    expected: `indices from 0 to ${n - 1}`,
    received: `another one at position ${bad}`,
  });
}
