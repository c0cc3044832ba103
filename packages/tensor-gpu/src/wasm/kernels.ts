import type { ExpressionNode, MapStep, Operand, ReduceStep } from '../lower/program.js';
import { bytesPerElement, type DType } from '../tensor/dtype.js';
import { mapKernel } from './emit/map-kernel.js';
import { modeOf, type OperandSpec } from './emit/operands.js';
import { reduceKernel } from './emit/reduce-kernel.js';

/** A compiled loop and the parameter words it wants; pointers are filled in at `pointerWords`. */
export interface PreparedLoop {
  readonly run: (parameters: number) => void;
  /** Number of the compiled loop, for helper threads. */
  readonly loop: number;
  readonly words: Int32Array;
  /** Word index and buffer of every pointer, with the byte offset to add. */
  readonly pointers: readonly { readonly word: number; readonly buffer: number; readonly offset: number }[];
  readonly label: string;
}

type Literal = { readonly op: 'literal'; readonly value: number; readonly dtype: DType };

interface Axis {
  readonly size: number;
  /** Element strides per operand. */
  readonly strides: readonly number[];
}

/** Joins neighbouring axes that every operand walks as one; axes of size 1 vanish. */
function collapse(axes: readonly Axis[]): Axis[] {
  const out: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = out.at(-1);
    if (outer && outer.strides.every((s, i) => s === axis.strides[i] * axis.size)) {
      out[out.length - 1] = { size: outer.size * axis.size, strides: axis.strides };
    } else out.push(axis);
  }
  return out.length ? out : [{ size: 1, strides: axes[0]?.strides.map(() => 0) ?? [] }];
}

const axesOf = (
  shape: readonly number[],
  which: readonly number[],
  operands: readonly (readonly number[])[],
): Axis[] => which.map((a) => ({ size: shape[a], strides: operands.map((s) => s[a]) }));

/** Compiles loops once per structure; shapes, strides and literals are parameters. */
export class KernelCache {
  readonly #compiled = new Map<string, { run: (parameters: number) => void; loop: number }>();
  /** Module bytes of every compiled loop, in order. */
  readonly modules: Uint8Array<ArrayBuffer>[] = [];
  readonly #memory: WebAssembly.Memory;
  readonly #shared: boolean;

  constructor(memory: WebAssembly.Memory, shared: boolean) {
    this.#memory = memory;
    this.#shared = shared;
  }

  /** @param parts - at most this many loops that together do the step, for as many threads */
  map(step: MapStep, parts = 1): PreparedLoop[] {
    const operands: Operand[] = [...step.outputs.map((o) => o.target), ...step.inputs];
    const strides = operands.map((o) => o.layout.strides);
    const rank = step.shape.length;
    const axes = collapse(
      axesOf(
        step.shape,
        Array.from({ length: rank }, (_, i) => i),
        strides,
      ),
    );
    if (axes[0].strides.length === 0) axes[0] = { size: 1, strides: operands.map(() => 0) };
    const last = axes.at(-1)!;
    const spec = (o: Operand, i: number): OperandSpec => ({
      dtype: o.dtype,
      mode: modeOf(last.strides[i], last.size),
    });
    const nodes = withoutLiterals(step.nodes);
    const description = {
      rank: axes.length,
      outputs: step.outputs.map((o, i) => ({ ...spec(o.target, i), node: o.node })),
      inputs: step.inputs.map((o, i) => spec(o, step.outputs.length + i)),
      nodes,
    };
    const compiled = this.#get(`map ${JSON.stringify(description)}`, () =>
      mapKernel(description, this.#shared),
    );
    const label = labelOf(step.nodes);
    return cuts(axes, axes.length, parts).map((cut) => ({
      ...compiled,
      ...parameters(axes, operands, step.nodes, cut),
      label,
    }));
  }

  /** As {@link KernelCache.map}; only kept axes are split, so the parts never meet. */
  reduce(step: ReduceStep, parts = 1): PreparedLoop[] {
    const operands: Operand[] = [step.output, ...step.inputs];
    const rank = step.shape.length;
    const all = Array.from({ length: rank }, (_, i) => i);
    const keptAxes = all.filter((a) => !step.axes.includes(a));
    const outStrides = new Array<number>(rank).fill(0);
    keptAxes.forEach((a, i) => (outStrides[a] = step.output.layout.strides[i]));
    const strides = [outStrides, ...step.inputs.map((o) => o.layout.strides)];
    const kept = collapse(axesOf(step.shape, keptAxes, strides));
    const reduced = collapse(axesOf(step.shape, step.axes, strides));
    for (const list of [kept, reduced]) {
      if (list[0].strides.length === 0) list[0] = { size: 1, strides: operands.map(() => 0) };
    }
    const along = chooseDirection(kept, reduced);
    const axes = [...kept, ...reduced];
    const vector = along === 'kept' ? kept.at(-1)! : reduced.at(-1)!;
    const description = {
      op: step.op,
      kept: kept.length,
      reduced: reduced.length,
      along,
      dtype: (step.output.dtype === 'int32' ? 'int32' : 'float32') as 'int32' | 'float32',
      inputs: step.inputs.map((o, i) => ({
        dtype: o.dtype,
        mode: modeOf(vector.strides[i + 1], vector.size),
      })),
      nodes: withoutLiterals(step.nodes),
      node: step.node,
    };
    const compiled = this.#get(`reduce ${JSON.stringify(description)}`, () =>
      reduceKernel(description, this.#shared),
    );
    const label = `${step.op}(${labelOf(step.nodes)})`;
    return cuts(axes, kept.length, parts).map((cut) => ({
      ...compiled,
      ...parameters(axes, operands, step.nodes, cut),
      label,
    }));
  }

  #get(key: string, build: () => Uint8Array<ArrayBuffer>) {
    const known = this.#compiled.get(key);
    if (known) return known;
    const bytes = build();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.#memory },
    });
    const made = {
      run: instance.exports.run as (parameters: number) => void,
      loop: this.modules.push(bytes) - 1,
    };
    this.#compiled.set(key, made);
    return made;
  }
}

/** A range of one axis. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
}

/** Splits the longest of the first `among` axes into at most `parts` ranges of whole 16-element groups. */
function cuts(axes: readonly Axis[], among: number, parts: number): (Cut | null)[] {
  if (parts === 1) return [null];
  let axis = 0;
  for (let a = 1; a < among; a++) if (axes[a].size > axes[axis].size) axis = a;
  const { size } = axes[axis];
  const group = axis === axes.length - 1 || axis === among - 1 ? 16 : 1;
  const each = Math.ceil(size / parts / group) * group;
  const out: Cut[] = [];
  for (let start = 0; start < size; start += each)
    out.push({ axis, start, count: Math.min(each, size - start) });
  return out;
}

/** Along the kept axis when outputs lie side by side there and the inputs do too; else along the terms. */
function chooseDirection(kept: readonly Axis[], reduced: readonly Axis[]): 'kept' | 'reduced' {
  const smooth = (axis: Axis): number => axis.strides.slice(1).filter((s) => s === 1 || s === 0).length;
  const [k, r] = [kept.at(-1)!, reduced.at(-1)!];
  if (k.size === 1 || k.strides[0] !== 1) return 'reduced';
  if (smooth(k) !== smooth(r)) return smooth(k) > smooth(r) ? 'kept' : 'reduced';
  const adjacent = (axis: Axis): number => axis.strides.slice(1).filter((s) => s === 1).length;
  return adjacent(k) > adjacent(r) ? 'kept' : 'reduced';
}

const withoutLiterals = (nodes: readonly ExpressionNode[]): ExpressionNode[] =>
  nodes.map((n) => (n.op === 'literal' ? { op: 'literal', value: 0, dtype: n.dtype } : n));

const labelOf = (nodes: readonly ExpressionNode[]): string =>
  nodes
    .filter((n) => n.op !== 'load' && n.op !== 'literal')
    .map((n) => n.op)
    .join(' ') || 'copy';

function parameters(
  axes: readonly Axis[],
  operands: readonly Operand[],
  nodes: readonly ExpressionNode[],
  cut: Cut | null,
): Pick<PreparedLoop, 'words' | 'pointers'> {
  const rank = axes.length;
  const literals = nodes.filter((n): n is Literal => n.op === 'literal');
  const words = new Int32Array(rank + operands.length * (1 + rank) + literals.length);
  const floats = new Float32Array(words.buffer);
  axes.forEach((axis, a) => (words[a] = cut?.axis === a ? cut.count : axis.size));
  const pointers = operands.map((operand, i) => {
    const word = rank + i * (1 + rank);
    const bytes = bytesPerElement(operand.dtype);
    axes.forEach((axis, a) => (words[word + 1 + a] = axis.strides[i] * bytes));
    const skipped = cut ? cut.start * axes[cut.axis].strides[i] : 0;
    return { word, buffer: operand.buffer, offset: (operand.layout.offset + skipped) * bytes };
  });
  literals.forEach((node, i) => {
    const at = rank + operands.length * (1 + rank) + i;
    if (node.dtype === 'int32' || node.dtype === 'bool') words[at] = node.value;
    else floats[at] = node.value;
  });
  return { words, pointers };
}
