import { checkCount, checkNotNegative, refuse } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface CyclicScheduleOptions {
  /** Lowest rate. */
  readonly low: number;
  /** Highest rate. */
  readonly high: number;
  /** Steps of one cycle. */
  readonly period: number;
  /** `triangle` goes up and down in straight lines; `cosine` falls from high to low and jumps back (as for snapshots); default `triangle`. */
  readonly shape?: 'triangle' | 'cosine';
}

/**
 * Rates that come back every `period` steps.
 *
 * @see Smith 2017, "Cyclical Learning Rates", arXiv:1506.01186; Huang et al. 2017, "Snapshot Ensembles", arXiv:1704.00109
 */
export function cyclicSchedule({ low, high, period, shape = 'triangle' }: CyclicScheduleOptions): Schedule {
  checkNotNegative('cyclicSchedule', 'low', low);
  checkNotNegative('cyclicSchedule', 'high', high);
  checkCount('cyclicSchedule', 'period', period, 2);
  if (high < low) refuse('cyclicSchedule', `high of at least low (${low})`, high);
  if (shape !== 'triangle' && shape !== 'cosine') refuse('cyclicSchedule', 'shape triangle or cosine', shape);
  return (step) => {
    const phase = (step % period) / period;
    const height = shape === 'triangle' ? 1 - Math.abs(2 * phase - 1) : (1 + Math.cos(Math.PI * phase)) / 2;
    return low + (high - low) * height;
  };
}
