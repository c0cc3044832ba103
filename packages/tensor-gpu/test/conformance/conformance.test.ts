import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';
import { type BackendName, backendReport, resetBackend, setBackend } from '../../src/index.js';
import { initBackend } from '../../src/gpujs/init-backend.js';
import { notOperations, rows } from './cases.js';
import { checks, type Demand } from './check.js';

const backends: readonly (readonly [BackendName, Demand])[] = [
  ['wasm', { tolerance: 1e-6, thorough: true }],
  ['gpujs-wasm', { tolerance: 1e-5, thorough: false }],
  ['gpujs-cpu', { tolerance: 1e-5, thorough: false }],
];

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

describe.each(backends)('on %s', (name, demand) => {
  beforeAll(async () => {
    await initBackend(name);
    setBackend(name);
  });
  afterAll(() => {
    setBackend('wasm');
    resetBackend();
  });

  const chosen = checks.filter(({ everyBackend }) => demand.thorough || everyBackend);
  describe.each(chosen.map((check) => [check.title, check] as const))(
    'every row %s',
    (_, { applies, run }) => {
      it.each(rows.filter(applies).map((row) => [`${row.op} ${row.title}`, row] as const))(
        '%s',
        async (__, row) => {
          await run(row, demand);
        },
      );
    },
  );

  if (name === 'wasm') return;
  it('leaves to the wasm core what kernels cannot express, and nothing else', () => {
    expect(backendReport()).toEqual({
      passedOver: [],
      name,
      handedToWasm: [
        'argsort of whole numbers beyond 2^24',
        'cast to bfloat16',
        'cast to float16',
        'cast to int8',
        'concat of whole numbers beyond 2^24',
        'draw',
        'gather of whole numbers beyond 2^24',
        'map of whole numbers beyond 2^24',
      ],
    });
  });
});
