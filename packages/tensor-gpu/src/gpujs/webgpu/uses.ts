import { type Operand, type Program, type Step, writesOf } from '../../lower/program.js';
import { isContiguous } from '../../tensor/layout.js';
import { sizeOf } from '../../tensor/shape.js';

type MapOrReduce = Extract<Step, { readonly nodes: unknown }>;

/** Which steps of a program read a buffer, and which one writes it. */
export interface Uses {
  /** The readers; none where the buffer is also a result of the program. */
  readersOf(buffer: number): readonly Step[];
  writerOf(buffer: number): Step | undefined;
}

export function usesOf({ steps, outputs }: Pick<Program, 'steps' | 'outputs'>): Uses {
  const readers = new Map<number, Step[]>();
  const writers = new Map<number, Step>();
  for (const step of steps) {
    for (const buffer of new Set(step.inputs.map((o) => o.buffer)))
      readers.set(buffer, [...(readers.get(buffer) ?? []), step]);
    for (const { buffer } of writesOf(step)) writers.set(buffer, step);
  }
  return {
    readersOf: (buffer) => (outputs.includes(buffer) ? [] : (readers.get(buffer) ?? [])),
    writerOf: (buffer) => writers.get(buffer),
  };
}

/** Whether an operand is a whole buffer in row-major order, of so many elements. */
export const isWhole = ({ layout }: Operand, size: number): boolean =>
  layout.offset === 0 && isContiguous(layout) && sizeOf(layout.shape) === size;

/** An expression as text, e.g. `exp(sub(x,top))`; `name` calls the operands. */
export function spell({ nodes, inputs }: MapOrReduce, at: number, name: (o: Operand) => string): string {
  const visit = (i: number): string => {
    const node = nodes[i];
    if ('input' in node) return name(inputs[node.input]);
    if ('value' in node) return String(node.value);
    return `${node.op}(${node.args.map(visit).join()})`;
  };
  return visit(at);
}
