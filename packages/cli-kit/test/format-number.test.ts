import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNumber } from '../src/index.js';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [1234567, '1,234,567'],
    [-1234567, '-1,234,567'],
    [0.123456, '0.1235'],
    [0.9, '0.9'],
    [3.14159, '3.142'],
    [12345.678, '12,346'],
    [0.0001, '0.0001'],
    [0.0000123, '1.23e-5'],
    [1.5e20, '1.5e20'],
    [1e15, '1e15'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('keeps as many significant digits as asked', () => {
    expect(formatNumber(0.123456, { digits: 2 })).toBe('0.12');
    expect(formatNumber(1.23456e-7, { digits: 6 })).toBe('1.23456e-7');
  });

  it('reads back to within half a unit of the fourth digit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
        const back = Number(formatNumber(value).replaceAll(',', ''));
        return Math.abs(back - value) <= 0.0005000001 * Math.abs(value);
      }),
    );
  });

  it('refuses a number of digits that is not whole and from 1 to 21', () => {
    for (const digits of [0, 22, 1.5, NaN]) {
      expect(() => formatNumber(1, { digits })).toThrow(
        `digits is ${digits}, expected a whole number from 1 to 21`,
      );
    }
  });
});
