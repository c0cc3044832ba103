import type { DType } from '../tensor/dtype.js';
import { applyView, contiguous, isContiguous, type Layout, type ViewOp } from '../tensor/layout.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Graph, GraphNode } from '../trace/graph.js';
import { planMemory } from './plan-memory.js';
import type { BufferSpec, ExpressionNode, Operand, Program, Step } from './program.js';
import { sortSteps } from './sort-steps.js';
import { findUnits } from './units.js';

/**
 * Turns a graph into steps over buffers: views become strides, elementwise chains become one loop each, everything else a
 * kernel call.
 *
 * @param donated - which inputs may be overwritten
 */
export function lower(graph: Graph, donated: readonly boolean[]): Program {
  const { nodes, outputs } = graph;
  const { live, homeOf, writes } = findUnits(graph);
  const buffers: BufferSpec[] = [];
  const steps: Step[] = [];
  const bufferOf = new Map<number, number>();
  const copies = new Map<string, Operand>();

  const inputCount = donated.length;
  const inputBuffers: number[] = [];
  for (const { source, id, dtype } of nodes) {
    if (source.kind !== 'input') continue;
    const index = source.index >= 0 ? source.index : inputCount - graph.constants.length - 1 - source.index;
    bufferOf.set(id, buffers.length);
    inputBuffers[index] = buffers.length;
    buffers.push({ dtype, length: extent(source.layout), role: { kind: 'input', index } });
  }

  const temporary = (shape: Shape, dtype: DType): number =>
    buffers.push({ dtype, length: sizeOf(shape), role: { kind: 'temporary' } }) - 1;
  const bufferFor = (id: number): number => {
    const known = bufferOf.get(id);
    if (known !== undefined) return known;
    const made = temporary(nodes[id].shape, nodes[id].dtype);
    bufferOf.set(id, made);
    return made;
  };

  /** The value of `id` seen through `views`, as strides over some buffer; copies where strides cannot say it. */
  const operand = (id: number, views: readonly ViewOp[]): Operand => {
    const { source, dtype } = nodes[id];
    if (source.kind === 'apply' && source.primitive.kind === 'view') {
      return operand(source.inputs[0], [source.primitive.view!(source.params), ...views]);
    }
    if (source.kind === 'literal') {
      return follow({ buffer: copyOf(id, []), layout: contiguous([]), dtype }, views, id);
    }
    const layout = source.kind === 'input' ? source.layout : contiguous(nodes[id].shape);
    return follow({ buffer: bufferFor(id), layout, dtype }, views, id);
  };
  const follow = (start: Operand, views: readonly ViewOp[], id: number): Operand => {
    let current = start;
    views.forEach((view, i) => {
      const next = applyView(current.layout, view);
      if (next) current = { ...current, layout: next };
      else {
        const copy = copyOperand(current, `${id} ${JSON.stringify(views.slice(0, i))}`);
        current = { ...copy, layout: applyView(copy.layout, view)! };
      }
    });
    return current;
  };
  const copyOperand = (from: Operand, key: string): Operand => {
    const known = copies.get(key);
    if (known) return known;
    const { shape } = from.layout;
    const target: Operand = {
      buffer: temporary(shape, from.dtype),
      layout: contiguous(shape),
      dtype: from.dtype,
    };
    copies.set(key, target);
    steps.push(copyStep(from, target));
    return target;
  };
  const copyOf = (id: number, views: readonly ViewOp[]): number => {
    const key = `literal ${id} ${JSON.stringify(views)}`;
    const known = copies.get(key);
    if (known) return known.buffer;
    const { source, dtype } = nodes[id];
    if (source.kind !== 'literal') throw new Error('only literals are written this way');
    const target: Operand = { buffer: temporary([], dtype), layout: contiguous([]), dtype };
    copies.set(key, target);
    const node: ExpressionNode = { op: 'literal', value: source.value, dtype };
    steps.push({ kind: 'map', shape: [], nodes: [node], inputs: [], outputs: [{ node: 0, target }] });
    return target.buffer;
  };

  /** Collects the expression of a unit: everything at home in `root`, with the rest as loads. */
  const collect = (root: number) => {
    const expression: ExpressionNode[] = [];
    const inputs: Operand[] = [];
    const known = new Map<string, number>();
    const add = (key: string, node: ExpressionNode): number => {
      const at = expression.push(node) - 1;
      known.set(key, at);
      return at;
    };
    const visit = (id: number, views: readonly ViewOp[]): number => {
      const { source, dtype } = nodes[id];
      if (source.kind === 'apply' && source.primitive.kind === 'view') {
        return visit(source.inputs[0], [source.primitive.view!(source.params), ...views]);
      }
      if (source.kind === 'literal') {
        const key = `literal ${id}`;
        return known.get(key) ?? add(key, { op: 'literal', value: source.value, dtype });
      }
      const inside = source.kind === 'apply' && source.primitive.kind === 'map' && homeOf(id) === root;
      if (inside) {
        const key = `value ${id}`;
        const at = known.get(key);
        if (at !== undefined) return at;
        const args = source.inputs.map((i) => visit(i, views));
        const from = nodes[source.inputs[0]].dtype;
        return add(
          key,
          source.primitive.name === 'cast'
            ? { op: 'cast', args, from, dtype }
            : {
                op: source.primitive.name,
                args,
                dtype,
                of: nodes[source.inputs[source.inputs.length - 1]].dtype,
              },
        );
      }
      const from = operand(id, views);
      const key = `load ${from.buffer} ${JSON.stringify(from.layout)}`;
      const at = known.get(key);
      if (at !== undefined) return at;
      inputs.push(from);
      return add(key, { op: 'load', input: inputs.length - 1, dtype });
    };
    return { expression, inputs, visit };
  };

  const stacked = summedProducts(nodes, outputs, live);
  for (const node of nodes) {
    const { id, source } = node;
    if (!live[id] || source.kind !== 'apply' || source.primitive.kind === 'view' || !writes.has(id)) continue;
    const target = (written: GraphNode): Operand => ({
      buffer: bufferFor(written.id),
      layout: contiguous(written.shape),
      dtype: written.dtype,
    });
    if (stacked.has(id)) continue;
    if (source.primitive.kind === 'map') {
      const { expression, inputs, visit } = collect(id);
      const results = writes.get(id)!.map((w) => ({ node: visit(w, []), target: target(nodes[w]) }));
      steps.push({ kind: 'map', shape: node.shape, nodes: expression, inputs, outputs: results });
    } else if (stacked.has(source.inputs[0]) && source.primitive.name === 'sum') {
      const product = nodes[source.inputs[0]].source as Applied;
      const inputs = product.inputs.map((input) => operand(input, []));
      steps.push({ kind: 'kernel', name: 'dotSum', params: null, inputs, output: target(node) });
    } else if (source.primitive.kind === 'reduce') {
      const { expression, inputs, visit } = collect(id);
      const value = visit(source.inputs[0], []);
      steps.push({
        kind: 'reduce',
        op: source.primitive.name as 'sum',
        shape: nodes[source.inputs[0]].shape,
        axes: (source.params as { axes: number[] }).axes,
        nodes: expression,
        inputs,
        node: value,
        output: target(node),
      });
    } else {
      const inputs = source.inputs.map((input) => {
        const found = operand(input, []);
        if (source.primitive.name === 'dot' || isContiguous(found.layout)) return found;
        return copyOperand(found, `${input} contiguous`);
      });
      steps.push({
        kind: 'kernel',
        name: source.primitive.name,
        params: source.params,
        inputs,
        output: target(node),
      });
    }
  }

  const outputBuffers = outputs.map((id, index) => {
    const found = operand(id, []);
    const spec = buffers[found.buffer];
    const whole = isContiguous(found.layout) && found.layout.offset === 0;
    if (whole && spec.role.kind === 'temporary' && spec.length === sizeOf(found.layout.shape)) {
      spec.role = { kind: 'output', index };
      return found.buffer;
    }
    const { shape } = nodes[id];
    const copy: Operand = {
      buffer: temporary(shape, found.dtype),
      layout: contiguous(shape),
      dtype: found.dtype,
    };
    steps.push(copyStep(found, copy));
    buffers[copy.buffer].role = { kind: 'output', index };
    return copy.buffer;
  });

  const sorted = sortSteps(steps, buffers.length);
  return {
    buffers,
    steps: sorted,
    inputs: inputBuffers,
    outputs: outputBuffers,
    ...planMemory(buffers, sorted, inputBuffers, outputBuffers, donated),
  };
}

type Applied = Extract<GraphNode['source'], { kind: 'apply' }>;

/** Products that are only summed over their stack: they add up in place instead of being written one by one. */
function summedProducts(
  nodes: readonly GraphNode[],
  outputs: readonly number[],
  live: readonly boolean[],
): Set<number> {
  const uses = new Array<number>(nodes.length).fill(0);
  for (const id of outputs) uses[id]++;
  for (const { id, source } of nodes) {
    if (live[id] && source.kind === 'apply') for (const input of new Set(source.inputs)) uses[input]++;
  }
  const found = new Set<number>();
  for (const { id, source } of nodes) {
    if (!live[id] || source.kind !== 'apply' || source.primitive.name !== 'sum') continue;
    const { axes } = source.params as { axes: readonly number[] };
    const from = nodes[source.inputs[0]];
    const isDot = from.source.kind === 'apply' && from.source.primitive.name === 'dot';
    if (isDot && uses[from.id] === 1 && axes.length === 1 && axes[0] === 0 && from.shape[0] > 0)
      found.add(from.id);
  }
  return found;
}

const copyStep = (from: Operand, target: Operand): Step => ({
  kind: 'map',
  shape: from.layout.shape,
  nodes: [{ op: 'load', input: 0, dtype: from.dtype }],
  inputs: [from],
  outputs: [{ node: 0, target }],
});

/** Elements a buffer must have so that every index of the layout falls inside. */
function extent({ shape, offset, strides }: Layout): number {
  if (sizeOf(shape) === 0) return offset;
  return shape.reduce((n, d, i) => n + Math.max(0, (d - 1) * strides[i]), offset) + 1;
}
