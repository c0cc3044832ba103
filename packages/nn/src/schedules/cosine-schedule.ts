import { checkCount, checkNotNegative, refuse } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface CosineScheduleOptions {
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps in all, warm-up included. */
  readonly steps: number;
  /** Steps of linear warm-up from 0 (`η (t+1) / warmUp`); default 0. */
  readonly warmUp?: number;
  /** The rate at the end; default 0. */
  readonly end?: number;
}

/**
 * Half a cosine from `learningRate` to `end`: `end + (η - end) (1 + cos(π t / T)) / 2`, where `t` and `T` count after the warm-up.
 *
 * @see Loshchilov and Hutter 2017, "SGDR", arXiv:1608.03983 (one cycle, without restarts)
 */
export function cosineSchedule({
  learningRate,
  steps,
  warmUp = 0,
  end = 0,
}: CosineScheduleOptions): Schedule {
  checkNotNegative('cosineSchedule', 'learningRate', learningRate);
  checkNotNegative('cosineSchedule', 'end', end);
  checkCount('cosineSchedule', 'steps', steps);
  checkCount('cosineSchedule', 'warmUp', warmUp, 0);
  if (warmUp >= steps) refuse('cosineSchedule', `warmUp below steps (${steps})`, warmUp);
  return (step) => {
    if (step < warmUp) return (learningRate * (step + 1)) / warmUp;
    const progress = Math.min((step - warmUp) / (steps - warmUp), 1);
    return end + ((learningRate - end) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}
