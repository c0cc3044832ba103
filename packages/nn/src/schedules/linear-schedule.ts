import { checkCount, checkNotNegative } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface LinearScheduleOptions {
  /** The first rate, at least 0. */
  readonly start: number;
  /** The last rate, at least 0. */
  readonly end: number;
  /** Steps from `start` to `end`. */
  readonly steps: number;
}

/**
 * A straight line from one rate to another, which then stays: `start + (end - start) · min(t / steps, 1)`.
 *
 * @throws {RangeError} for rates that are negative or not finite, or `steps` that is no whole number of at least 1
 */
export function linearSchedule({ start, end, steps }: LinearScheduleOptions): Schedule {
  checkNotNegative('linearSchedule', 'start', start);
  checkNotNegative('linearSchedule', 'end', end);
  checkCount('linearSchedule', 'steps', steps);
  return (step) => start + (end - start) * Math.min(step / steps, 1);
}
