import { checkNotNegative } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

/** The same rate at every step. */
export function constantSchedule(learningRate: number): Schedule {
  checkNotNegative('constantSchedule', 'learningRate', learningRate);
  return () => learningRate;
}
