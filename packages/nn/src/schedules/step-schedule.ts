import { checkCount, checkNotNegative, checkPositive } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface StepScheduleOptions {
  /** The first rate, at least 0. */
  readonly learningRate: number;
  /** Steps between two drops. */
  readonly every: number;
  /** Factor of each drop, above 0; default 0.1. */
  readonly factor?: number;
}

/**
 * A rate that drops every so many steps: `η · factor^⌊t / every⌋`.
 *
 * @throws {RangeError} for a rate that is negative, a factor not above 0, or `every` below 1
 */
export function stepSchedule({ learningRate, every, factor = 0.1 }: StepScheduleOptions): Schedule {
  checkNotNegative('stepSchedule', 'learningRate', learningRate);
  checkCount('stepSchedule', 'every', every);
  checkPositive('stepSchedule', 'factor', factor);
  return (step) => learningRate * factor ** Math.floor(step / every);
}
