import { type Operand, type Step, writesOf } from '../../lower/program.js';
import { labelOf } from '../plan/plan-step.js';
import type { Pass } from '../plan/pass.js';

/** What runs as one: a step, or several that a device computes together with kernels of its own. */
export interface Unit {
  /** What several steps are together, where that has a name. */
  readonly label?: string;
  readonly steps: readonly Step[];
  /** The kernels of several steps. */
  readonly passes?: readonly Pass[];
}

export const unitOf = (step: Step): Unit => ({ steps: [step] });

/** Buffers a unit reads from others. */
export function readsOf({ steps }: Unit): number[] {
  const written = new Set<number>();
  const reads = new Set<number>();
  for (const step of steps) {
    for (const { buffer } of step.inputs) if (!written.has(buffer)) reads.add(buffer);
    for (const { buffer } of writesOf(step)) written.add(buffer);
  }
  return [...reads];
}

/** What a unit writes for others: the results of its last step. */
export const resultsOf = ({ steps }: Unit): readonly Operand[] => writesOf(steps.at(-1)!);

export const unitLabel = ({ label, steps }: Unit): string => label ?? steps.map(labelOf).join(' → ');
