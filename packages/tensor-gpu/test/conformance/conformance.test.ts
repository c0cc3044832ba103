import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';
import { type BackendName, resetBackend, setBackend } from '../../src/index.js';
import { notOperations, rows } from './cases.js';
import { checks } from './check.js';

/** Largest error as a part of the sum of the magnitudes of the terms. */
const backends: readonly (readonly [BackendName, number])[] = [['wasm', 1e-5]];

describe('the conformance table', () => {
  it('has a row for every exported operation', () => {
    const covered = new Set(rows.map(({ op }) => op));
    const missing = Object.keys(api).filter((name) => !covered.has(name) && !notOperations.has(name));
    expect(missing).toEqual([]);
  });

  it('names every row once', () => {
    const names = rows.map(({ op, title }) => `${op} ${title}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

describe.each(backends)('on %s', (name, tolerance) => {
  beforeAll(() => setBackend(name));
  afterAll(() => {
    setBackend('wasm');
    resetBackend();
  });

  describe.each(checks)('every row $title', ({ applies, run }) => {
    it.each(rows.filter(applies).map((row) => [`${row.op} ${row.title}`, row] as const))('%s', async (_, row) => {
      await run(row, tolerance);
    });
  });
});
