import { checkCount, checkNotNegative, checkPositive } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface StepScheduleOptions {
  readonly learningRate: number;
  /** Steps between two drops. */
  readonly every: number;
  /** Factor of each drop, above 0; default 0.1. */
  readonly factor?: number;
}

/** `η · factor^⌊t / every⌋`. */
export function stepSchedule({ learningRate, every, factor = 0.1 }: StepScheduleOptions): Schedule {
  checkNotNegative('stepSchedule', 'learningRate', learningRate);
  checkCount('stepSchedule', 'every', every);
  checkPositive('stepSchedule', 'factor', factor);
  return (step) => learningRate * factor ** Math.floor(step / every);
}
