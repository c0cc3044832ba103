import { describe, expect, it } from 'vitest';
import { formatExpected, formatRange } from '../.vitepress/theme/format.js';
import { check } from '../src/check.js';

const made = (perSeed: number[]) => check('gain', perSeed, { expected: { atLeast: 3 }, band: [0, 10] });

describe('formatExpected', () => {
  it('writes each bound and the unit', () => {
    expect(formatExpected({ atLeast: 3 }, 'points')).toBe('≥ 3 points');
    expect(formatExpected({ atMost: 0.25 }, '')).toBe('≤ 0.25');
    expect(formatExpected({ atLeast: 1, atMost: 2 }, 's')).toBe('≥ 1 and ≤ 2 s');
  });
});

describe('formatRange', () => {
  it('is the lowest and highest value of several seeds', () => {
    expect(formatRange(made([4, 2, 3]))).toBe('2 … 4');
  });

  it('is empty for one seed', () => {
    expect(formatRange(made([4]))).toBe('');
  });
});
