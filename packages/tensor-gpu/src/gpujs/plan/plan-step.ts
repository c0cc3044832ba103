import type { Operand, Step } from '../../lower/program.js';
import { writesOf } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { kernelPlanners } from './kernel-planners.js';
import { isDirect, planMap, planReduce } from './loops.js';
import { EXACT_LIMIT, type Plan } from './pass.js';

/** What a step is called in reports. */
export const nameOf = (step: Step): string =>
  step.kind === 'map' ? 'map' : step.kind === 'reduce' ? step.op : step.name;

/** A step in one line. */
export const labelOf = (step: Step): string =>
  `${nameOf(step)} ${step.kind === 'kernel' ? step.inputs.map((i) => `[${i.layout.shape.join()}]`).join(' ') : `[${step.shape.join()}]`}`;

/**
 * A step as gpu.js kernels. What they cannot express exactly is refused with a name: draws (they need 32-bit arithmetic),
 * rounding to storage dtypes, and indices beyond 2^24, which kernels hold in float32.
 *
 * @param cellsAreExact - whether the number of a cell is exact beyond 2^24 where it is used as it is
 */
export function planStep(step: Step, lengthOf: (buffer: number) => number, cellsAreExact = false): Plan {
  if (cellsAreExact && step.kind === 'map' && isDirect(step)) return planMap(step);
  const operands: readonly Operand[] = [...step.inputs, ...writesOf(step)];
  const cells = step.kind === 'kernel' ? 0 : sizeOf(step.shape);
  if (cells > EXACT_LIMIT || operands.some((o) => lengthOf(o.buffer) > EXACT_LIMIT)) {
    return { refused: `${nameOf(step)} beyond 2^24 elements` };
  }
  if (step.kind === 'map') return planMap(step);
  if (step.kind === 'reduce') return planReduce(step);
  return kernelPlanners[step.name]?.(step) ?? { refused: step.name };
}
