import { describe, expect, it } from 'vitest';
import {
  conditionalCoverage,
  coverageWidthCriterion,
  intervalCoverage,
  sizeStratifiedCoverage,
} from '../../src/index.js';

const y = [1, 2, 3, 4];
const lower = [0, 3, 0, 0];
const upper = [2, 4, 2, 9];

describe('intervalCoverage', () => {
  it('counts rows inside, below and above and averages the widths', () => {
    expect(intervalCoverage(y, lower, upper)).toEqual({
      coverage: 0.5,
      below: 0.25,
      above: 0.25,
      meanWidth: 3.5,
      count: 4,
    });
  });

  it('takes infinite ends and counts the ends as inside', () => {
    expect(intervalCoverage([1, 2], [-Infinity, 2], [1, 2])).toEqual({
      coverage: 1,
      below: 0,
      above: 0,
      meanWidth: Infinity,
      count: 2,
    });
  });
});

describe('coverageWidthCriterion', () => {
  it('is one minus the relative width when the coverage is right, and falls with the miss', () => {
    expect(coverageWidthCriterion(y, lower, upper, { alpha: 0.5, range: 7 })).toBe(0.5);
    expect(coverageWidthCriterion(y, lower, upper, { alpha: 0.4, range: 7 })).toBeCloseTo(
      0.5 * Math.exp(-0.3),
      14,
    );
    expect(() => coverageWidthCriterion([1, 1], [0, 0], [2, 2], { alpha: 0.1 })).toThrow(
      'the range of the outcomes is 0',
    );
  });
});

describe('conditionalCoverage', () => {
  it('groups by label', () => {
    const { groups, worst } = conditionalCoverage(y, lower, upper, ['a', 'b', 'b', 'a']);
    expect(groups).toEqual([
      { label: 'a', count: 2, coverage: 1, meanWidth: 5.5 },
      { label: 'b', count: 2, coverage: 0, meanWidth: 1.5 },
    ]);
    expect(worst).toBe(0);
  });

  it('cuts a number into bins of equal count and keeps equal numbers together', () => {
    const two = conditionalCoverage(y, lower, upper, [10, 30, 20, 40], { bins: 2 });
    expect(two.groups.map(({ label, count, coverage }) => [label, count, coverage])).toEqual([
      ['10 to 20', 2, 0.5],
      ['30 to 40', 2, 0.5],
    ]);
    expect(
      conditionalCoverage(y, lower, upper, [1, 1, 1, 2], { bins: 4 }).groups.map(({ count }) => count),
    ).toEqual([3, 1]);
  });

  it('refuses a list of another length and no bins', () => {
    expect(() => conditionalCoverage(y, lower, upper, [1])).toThrow('by has 1 values, expected 4');
    expect(() => conditionalCoverage(y, lower, upper, y, { bins: 0 })).toThrow('bins is 0');
  });
});

describe('sizeStratifiedCoverage', () => {
  it('bins by the width itself', () => {
    const { groups } = sizeStratifiedCoverage(y, lower, upper, { bins: 2 });
    expect(groups.map(({ label, coverage }) => [label, coverage])).toEqual([
      ['1 to 2', 1 / 3],
      ['9 to 9', 1],
    ]);
  });
});
