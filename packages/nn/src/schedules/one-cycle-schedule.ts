import { checkCount, checkPositive, refuse } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

export interface OneCycleScheduleOptions {
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps in all. */
  readonly steps: number;
  /** Share of the steps on the way up, in (0, 1); default 0.3. */
  readonly rise?: number;
  /** The first rate is `learningRate / startDivisor`; default 25. */
  readonly startDivisor?: number;
  /** The last rate is the first `/ endDivisor`; default 1e4. */
  readonly endDivisor?: number;
}

/**
 * One half cosine up, one down, as PyTorch's `OneCycleLR` (two phases, cosine): from `learningRate / startDivisor` up to
 * `learningRate` in step `rise · steps - 1`, then down to the last rate in step `steps - 1`.
 *
 * @throws {RangeError} for rates and divisors that are not above 0, or `rise` outside (0, 1)
 * @see Smith and Topin 2019, "Super-Convergence", arXiv:1708.07120
 */
export function oneCycleSchedule({
  learningRate,
  steps,
  rise = 0.3,
  startDivisor = 25,
  endDivisor = 1e4,
}: OneCycleScheduleOptions): Schedule {
  checkPositive('oneCycleSchedule', 'learningRate', learningRate);
  checkCount('oneCycleSchedule', 'steps', steps);
  checkPositive('oneCycleSchedule', 'startDivisor', startDivisor);
  checkPositive('oneCycleSchedule', 'endDivisor', endDivisor);
  if (!(rise > 0 && rise < 1)) refuse('oneCycleSchedule', 'rise between 0 and 1', rise);
  const first = learningRate / startDivisor;
  const last = first / endDivisor;
  const peak = rise * steps - 1;
  const end = steps - 1;
  const between = (from: number, to: number, share: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(Math.max(share, 0), 1)))) / 2;
  return (step) =>
    step <= peak
      ? between(first, learningRate, peak > 0 ? step / peak : 1)
      : between(learningRate, last, (step - peak) / (end - peak));
}
