import type { Check, Expected } from './example.js';

/** What {@link check} needs beside the numbers. */
export interface CheckOptions {
  readonly expected: Expected;
  readonly band: readonly [number, number];
  readonly unit?: string;
}

/**
 * Makes a check from one number per seed: its value is their mean, and it holds when that mean is as expected.
 *
 * @param name - what the number is
 * @param perSeed - one number per seed, at least one
 * @throws {RangeError} when there is no number, or `expected` or `band` is an empty interval
 */
export function check(name: string, perSeed: readonly number[], options: CheckOptions): Check {
  const { expected, band, unit = '' } = options;
  if (perSeed.length === 0)
    throw new RangeError(`check "${name}": expected one number per seed, received none`);
  const { atLeast = -Infinity, atMost = Infinity } = expected;
  if (!(atLeast <= atMost) || (atLeast === -Infinity && atMost === Infinity)) {
    throw new RangeError(`check "${name}": expected atLeast <= atMost, received ${JSON.stringify(expected)}`);
  }
  if (!(band[0] < band[1])) {
    throw new RangeError(`check "${name}": expected band[0] < band[1], received [${band.join(', ')}]`);
  }
  const value = perSeed.reduce((sum, x) => sum + x, 0) / perSeed.length;
  return { name, unit, value, perSeed, expected, band, holds: value >= atLeast && value <= atMost };
}
