import { checkNotNegative } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

/**
 * The same rate at every step.
 *
 * @throws {RangeError} for a rate that is negative or not finite
 */
export function constantSchedule(learningRate: number): Schedule {
  checkNotNegative('constantSchedule', 'learningRate', learningRate);
  return () => learningRate;
}
