import type { ExpressionNode, KernelStep, Operand, Step } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import type { WindowParams } from '../../tensor/window.js';
import { indicesOf } from './indices.js';
import { EXACT_LIMIT } from './pass.js';

/** Largest magnitude that stands in a whole-number buffer, or a bound of it. */
export type BoundOf = (operand: Operand) => number;

const BEYOND = 2 ** 31;

/** Bounds of the int32 and bool nodes of an expression; float nodes have none. */
function nodeBounds(
  nodes: readonly ExpressionNode[],
  inputs: readonly Operand[],
  boundOf: BoundOf,
): number[] {
  const bounds: number[] = [];
  nodes.forEach((node, i) => {
    if (node.dtype === 'bool') bounds[i] = 1;
    else if (node.dtype !== 'int32') bounds[i] = Infinity;
    else if (node.op === 'load') bounds[i] = boundOf(inputs[(node as { input: number }).input]);
    else if (node.op === 'literal') bounds[i] = Math.abs((node as { value: number }).value);
    else {
      const args = (node as { args: readonly number[] }).args.map((a) => bounds[a]);
      if (node.op === 'cast') bounds[i] = Number.isFinite(args[0]) ? args[0] : BEYOND;
      else if (node.op === 'add' || node.op === 'sub') bounds[i] = args[0] + args[1];
      else if (node.op === 'mul') bounds[i] = args[0] * args[1];
      else if (node.op === 'sign') bounds[i] = 1;
      else if (node.op === 'select') bounds[i] = Math.max(args[1], args[2]);
      else bounds[i] = Math.max(...args);
    }
  });
  return bounds;
}

/** True when every whole number that is computed with, or stored, is exact in float32. */
function expressionIsExact(
  nodes: readonly ExpressionNode[],
  inputs: readonly Operand[],
  results: readonly number[],
  boundOf: BoundOf,
): boolean {
  const bounds = nodeBounds(nodes, inputs, boundOf);
  const large = (i: number): boolean => nodes[i].dtype === 'int32' && bounds[i] > EXACT_LIMIT;
  const computes = nodes.some((node) => {
    if (!('args' in node)) return false;
    // Conversions to float32 and bool of a rounded whole number are those of the number itself.
    const converts = node.op === 'cast' && node.dtype !== 'int32';
    return !converts && node.args.some(large);
  });
  // Cut from a float32, a whole number is a float32, however large.
  const fromFloat = (i: number): boolean => {
    const node = nodes[i];
    return node.op === 'cast' && (node as { from: string }).from === 'float32';
  };
  return !computes && results.every((r) => !large(r) || fromFloat(r));
}

/** True when a step has no whole number that float32 cannot hold exactly. */
export function isExact(step: Step, boundOf: BoundOf): boolean {
  if (step.kind === 'map') {
    return expressionIsExact(
      step.nodes,
      step.inputs,
      step.outputs.map((o) => o.node),
      boundOf,
    );
  }
  if (step.kind === 'reduce') {
    if (!expressionIsExact(step.nodes, step.inputs, [], boundOf)) return false;
    if (step.output.dtype !== 'int32') return true;
    const bound = nodeBounds(step.nodes, step.inputs, boundOf)[step.node];
    const terms = sizeOf(step.axes.map((a) => step.shape[a]));
    if (step.op === 'prod') return bound ** terms <= EXACT_LIMIT;
    return (step.op === 'sum' ? bound * terms : bound) <= EXACT_LIMIT;
  }
  // Indices need no bound: those beyond 2^24 are out of range, and still are when they are rounded.
  const index = indicesOf(step)?.index;
  return step.inputs.every(
    (o) => o === index || o.dtype !== 'int32' || boundOf(o) * termsOf(step) <= EXACT_LIMIT,
  );
}

/** How many elements one element of a kernel's result may add up. */
function termsOf({ name, inputs, params }: KernelStep): number {
  if (name === 'cumsum') return inputs[0].layout.shape[(params as { axis: number }).axis];
  if (name === 'scatterAdd') return inputs[1].layout.shape[1];
  if (name === 'fold') return sizeOf((params as WindowParams).kernel);
  return 1;
}

/** Bounds of the whole numbers that an exact step writes, result by result. */
export function boundsOf(step: Step, boundOf: BoundOf): number[] {
  if (step.kind === 'map') {
    const bounds = nodeBounds(step.nodes, step.inputs, boundOf);
    return step.outputs.map(({ node }) => bounds[node]);
  }
  if (step.kind === 'reduce') {
    const bound = nodeBounds(step.nodes, step.inputs, boundOf)[step.node];
    const terms = sizeOf(step.axes.map((a) => step.shape[a]));
    return [step.op === 'sum' ? bound * terms : step.op === 'prod' ? bound ** terms : bound];
  }
  const { name, inputs } = step;
  if (name === 'arg' || name === 'argsort') return [Math.max(...inputs[0].layout.shape)];
  const whole = inputs.filter((o) => o.dtype === step.output.dtype);
  return [Math.max(0, ...whole.map(boundOf)) * termsOf(step)];
}
