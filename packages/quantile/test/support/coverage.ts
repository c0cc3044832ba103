import { foldIn, generator, key } from '@weightloom/tensor-gpu';
import { expect } from 'vitest';
import type { Intervals } from '../../src/conformal/intervals.js';
import { binomialBounds } from './binomial-bounds.js';

/** Fresh data in every draw, one new point: whether it is covered are independent coin flips of the same coin. */
export type Random = ReturnType<typeof generator>;

const root = key(20240917);

/** The generator of one draw of a named experiment. */
export const drawOf = (name: string, r: number): Random => generator(foldIn(foldIn(root, name), r));

export const covers = ({ lower, upper }: Pick<Intervals, 'lower' | 'upper'>, y: number): boolean =>
  lower[0]! <= y && y <= upper[0]!;

/** In how many draws the experiment answers true. */
export async function count(
  name: string,
  draws: number,
  draw: (random: Random) => boolean | Promise<boolean>,
): Promise<number> {
  let hits = 0;
  for (let r = 0; r < draws; r++) if (await draw(drawOf(name, r))) hits++;
  return hits;
}

/** Hits of a coin whose chance lies between `low` and `high`. */
export function expectCoverage(hits: number, draws: number, low: number, high = low): void {
  expect(hits).toBeGreaterThanOrEqual(binomialBounds(draws, low).low);
  expect(hits).toBeLessThanOrEqual(binomialBounds(draws, high).high);
}
