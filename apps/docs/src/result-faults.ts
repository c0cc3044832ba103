import type { RunResult } from './example.js';

/** The least that a chart, a check and a table must be, so that JSON read back from a page can be judged too. */
function* numbersIn(value: unknown, path: string): Generator<[string, number]> {
  if (typeof value === 'number') yield [path, value];
  else if (Array.isArray(value))
    for (const [i, item] of value.entries()) yield* numbersIn(item, `${path}[${i}]`);
  else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) yield* numbersIn(item, `${path}.${name}`);
  }
}

/**
 * What is wrong with the result of a run, one sentence each; empty when nothing is.
 *
 * A check that does not hold is no fault when `notReproduced` says why. A number that is not finite, or outside
 * its band, always is.
 *
 * @param seedCount - how many seeds the run was given
 */
export function resultFaults(result: RunResult, seedCount: number): string[] {
  const faults: string[] = [];
  if (result.charts.length === 0) faults.push('charts: expected at least one, received none');
  if (result.checks.length === 0) faults.push('checks: expected at least one, received none');
  if (!result.backend) faults.push('backend: expected the name of what computed, received none');
  for (const [path, value] of numbersIn({ charts: result.charts, table: result.table }, 'result')) {
    if (!Number.isFinite(value)) faults.push(`${path}: expected a finite number, received ${value}`);
  }
  const names = new Set<string>();
  for (const { name, value, perSeed, band, holds } of result.checks) {
    if (names.has(name)) faults.push(`check "${name}": the name appears twice`);
    names.add(name);
    if (perSeed.length !== seedCount) {
      faults.push(`check "${name}": expected ${seedCount} numbers per seed, received ${perSeed.length}`);
    }
    for (const x of [value, ...perSeed]) {
      if (!(x >= band[0] && x <= band[1])) {
        faults.push(`check "${name}": expected values inside [${band.join(', ')}], received ${x}`);
      }
    }
    if (!holds && !result.notReproduced?.[name]) {
      faults.push(`check "${name}": ${value} does not hold, and notReproduced gives no reason`);
    }
  }
  for (const name of Object.keys(result.notReproduced ?? {})) {
    if (!names.has(name)) faults.push(`notReproduced: no check is named "${name}"`);
  }
  return faults;
}
