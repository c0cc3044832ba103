import { checkCount, checkNotNegative } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface LinearScheduleOptions {
  readonly start: number;
  readonly end: number;
  /** Steps from `start` to `end`. */
  readonly steps: number;
}

/** `start + (end - start) · min(t / steps, 1)`. */
export function linearSchedule({ start, end, steps }: LinearScheduleOptions): Schedule {
  checkNotNegative('linearSchedule', 'start', start);
  checkNotNegative('linearSchedule', 'end', end);
  checkCount('linearSchedule', 'steps', steps);
  return (step) => start + (end - start) * Math.min(step / steps, 1);
}
