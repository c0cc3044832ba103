import { checkCount } from '../internal/checks.js';
import type { Schedule } from './schedule.js';

/**
 * Linear warm-up before another schedule: `schedule(0) · (t+1) / steps` for the first `steps`, then `schedule(t - steps)`.
 *
 * @param steps - a whole number of at least 0
 * @throws {RangeError} for another number of steps
 */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  checkCount('warmUp', 'steps', steps, 0);
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}
