import type { KernelStep, Operand } from '../../../lower/program.js';
import { sizeOf } from '../../../tensor/shape.js';
import { buffer, type Plan, type Ref } from '../pass.js';
import { argNames, pass } from '../text.js';

/** Where an operand stands. */
export const refOf = (o: Operand): Ref => buffer(o.buffer);
/** Number of elements a step writes. */
export const cellsOf = ({ output }: KernelStep): number => sizeOf(output.layout.shape);

/** A kernel over the buffers of a step: `lines` gets their names. */
export function single(step: KernelStep, lines: (...names: string[]) => readonly string[]): Plan {
  const { args, nameOf } = argNames(step.inputs.map(refOf));
  return {
    passes: [
      pass(args, refOf(step.output), cellsOf(step), lines(...step.inputs.map((o) => nameOf(refOf(o))))),
    ],
  };
}
/** Terms add up. */
export const add = (a: string, b: string): string => `${a} + ${b}`;
/** The cell a kernel computes. */
export const thread = 'this.thread.x';

/** A shape seen as (before the axis, the axis, behind it). */
export const around = (shape: readonly number[], axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis],
  sizeOf(shape.slice(axis + 1)),
];
