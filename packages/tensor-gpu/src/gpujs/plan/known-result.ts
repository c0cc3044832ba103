import { type Step, writesOf } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';

const neutral = { sum: 0, prod: 1, max: -Infinity, min: Infinity };

/** What a step gives that has no term to compute with, or `null`. */
export function knownResult(step: Step): number | null {
  if (step.kind === 'reduce') return sizeOf(step.shape) === 0 ? neutral[step.op] : null;
  if (step.kind === 'map') return null;
  const needs = step.name === 'concat' ? [] : step.inputs;
  return needs.some((o) => sizeOf(o.layout.shape) === 0) ? 0 : null;
}

/** A step over no element needs no call. */
export const writesNothing = (step: Step): boolean =>
  writesOf(step).every((o) => sizeOf(o.layout.shape) === 0);
