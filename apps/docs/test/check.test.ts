import { describe, expect, it } from 'vitest';
import { check } from '../src/check.js';

describe('check', () => {
  it('takes the mean of the seeds as its value', () => {
    const made = check('gain', [2, 4], { expected: { atLeast: 3 }, band: [0, 10], unit: 'points' });
    expect(made).toMatchObject({ name: 'gain', unit: 'points', value: 3, perSeed: [2, 4], holds: true });
  });

  it('does not hold below atLeast, above atMost, or when the value is not a number', () => {
    const holds = (x: number, expected: { atLeast?: number; atMost?: number }): boolean =>
      check('x', [x], { expected, band: [-10, 10] }).holds;
    expect(holds(2.9, { atLeast: 3 })).toBe(false);
    expect(holds(3.1, { atMost: 3 })).toBe(false);
    expect(holds(3, { atLeast: 3, atMost: 3 })).toBe(true);
    expect(holds(NaN, { atLeast: 3 })).toBe(false);
  });

  it('refuses no seeds, an expectation that says nothing, and an empty band', () => {
    expect(() => check('x', [], { expected: { atLeast: 0 }, band: [0, 1] })).toThrow('received none');
    expect(() => check('x', [1], { expected: {}, band: [0, 1] })).toThrow('expected atLeast <= atMost');
    expect(() => check('x', [1], { expected: { atLeast: 2, atMost: 1 }, band: [0, 1] })).toThrow(RangeError);
    expect(() => check('x', [1], { expected: { atLeast: 2 }, band: [1, 1] })).toThrow('band[0] < band[1]');
  });
});
