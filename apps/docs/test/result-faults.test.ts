import { describe, expect, it } from 'vitest';
import { check } from '../src/check.js';
import type { RunResult } from '../src/example.js';
import { resultFaults } from '../src/result-faults.js';

const chart = (y: number) => ({
  type: 'bar' as const,
  title: 't',
  categories: ['a'],
  series: [{ name: 'a', values: [y] }],
});
const gain = (perSeed: number[]) => check('gain', perSeed, { expected: { atLeast: 3 }, band: [-5, 20] });

const result = (change: Partial<RunResult> = {}): RunResult => ({
  charts: [chart(1)],
  checks: [gain([4, 5])],
  backend: 'wasm',
  ...change,
});

describe('resultFaults', () => {
  it('finds nothing in a sound result', () => {
    expect(resultFaults(result(), 2)).toEqual([]);
  });

  it('accepts a check that does not hold only with a reason', () => {
    const checks = [gain([1, 1])];
    expect(resultFaults(result({ checks }), 2)).toEqual([
      expect.stringContaining('notReproduced gives no reason'),
    ]);
    expect(resultFaults(result({ checks, notReproduced: { gain: 'The data are too few.' } }), 2)).toEqual([]);
  });

  it('refuses a number that is not finite or outside its band, reason or not', () => {
    const notReproduced = { gain: 'A reason.' };
    expect(resultFaults(result({ checks: [gain([4, 21])] }), 2)[0]).toContain('received 21');
    expect(resultFaults(result({ checks: [gain([NaN, 4])], notReproduced }), 2)[0]).toContain('received NaN');
    expect(resultFaults(result({ charts: [chart(Infinity)] }), 2)[0]).toContain('expected a finite number');
  });

  it('refuses a missing seed, a name used twice, a reason for nothing and an empty result', () => {
    expect(resultFaults(result(), 3)).toEqual(['check "gain": expected 3 numbers per seed, received 2']);
    expect(resultFaults(result({ checks: [gain([4, 4]), gain([4, 4])] }), 2)).toEqual([
      'check "gain": the name appears twice',
    ]);
    expect(resultFaults(result({ notReproduced: { loss: 'A reason.' } }), 2)).toEqual([
      'notReproduced: no check is named "loss"',
    ]);
    expect(resultFaults(result({ charts: [], checks: [] }), 2)).toHaveLength(2);
  });
});
