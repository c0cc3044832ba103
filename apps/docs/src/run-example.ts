import { key } from '@weightloom/tensor-gpu';
import type { Example, RunOptions, RunResult } from './example.js';

/** The seeds of the full run of an example that names none. */
export const defaultSeeds: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Runs an example for the given seeds, all drawn from the site's root key, `key(0)`.
 *
 * @throws {RangeError} when a seed is not an integer in `[0, 2³¹)`, appears twice, or there is none
 */
export async function runExample(example: Example, options: Omit<RunOptions, 'key'>): Promise<RunResult> {
  const { seeds } = options;
  const valid = seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31);
  if (seeds.length === 0 || !valid || new Set(seeds).size !== seeds.length) {
    throw new RangeError(
      `runExample: expected different integers in [0, 2147483648) as seeds, received [${seeds.join(', ')}]`,
    );
  }
  options.signal?.throwIfAborted();
  return example.run({ ...options, key: key(0) });
}
