import { formatNumber } from '@weightloom/cli-kit';
import type { Check, Expected } from '../../src/example.js';

/** What a claim says of a number, for example `≥ 3 points`. */
export function formatExpected({ atLeast, atMost }: Expected, unit: string): string {
  const bounds = [
    atLeast === undefined ? [] : [`≥ ${formatNumber(atLeast)}`],
    atMost === undefined ? [] : [`≤ ${formatNumber(atMost)}`],
  ].flat();
  return `${bounds.join(' and ')} ${unit}`.trim();
}

/** The lowest and highest number of the seeds, when there are several. */
export function formatRange({ perSeed }: Check): string {
  if (perSeed.length < 2) return '';
  return `${formatNumber(Math.min(...perSeed))} … ${formatNumber(Math.max(...perSeed))}`;
}
