import { clip } from '@weightloom/tensor-gpu';
import { checkPositive } from '../internal/checks.js';
import { mapDict } from '../internal/dict.js';
import type { Optimizer } from './optimizer.js';
import { stateless } from './stateless.js';

/**
 * Every element of the gradients within ±`limit`: `min(max(g, -limit), limit)`.
 *
 * @throws {RangeError} for a limit that is not finite and above 0
 */
export function clipByValue(limit: number): Optimizer<null> {
  checkPositive('clipByValue', 'limit', limit);
  return stateless({ type: 'clipByValue', limit }, (grads) => mapDict((g) => clip(g, -limit, limit), grads));
}
