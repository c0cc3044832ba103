/** Runs in a page: rows of the conformance table on one backend, a few at a time. */
import * as api from '../../src/index.js';
import { rows } from '../conformance/cases.js';
import { checks, type Demand } from '../conformance/check.js';
import { useBackend } from './use-backend.js';

export interface Outcome {
  readonly row: string;
  /** `null`: passed. */
  readonly error: string | null;
}

const run = async (title: string, from: number, to: number, demand: Demand): Promise<Outcome[]> => {
  const check = checks.find((c) => c.title === title)!;
  const outcomes: Outcome[] = [];
  for (const row of rows.filter(check.applies).slice(from, to)) {
    const error = await check.run(row, demand).then(
      () => null,
      (e: unknown) => (e instanceof Error ? e.message : String(e)),
    );
    outcomes.push({ row: `${row.op} ${row.title}`, error });
  }
  return outcomes;
};
Object.assign(globalThis, { weightloom: api, conformance: run, useBackend });
