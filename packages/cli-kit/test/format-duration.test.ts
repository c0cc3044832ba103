import { describe, expect, it } from 'vitest';
import { formatDuration } from '../src/index.js';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.25, '0.3 ms'],
    [850, '850 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [3200, '3.2 s'],
    [59_400, '59 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [3_720_000, '1 h 02 min'],
    [86_400_000, '1 d 00 h'],
    [180_000_000, '2 d 02 h'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('refuses spans that are negative or not finite', () => {
    for (const span of [-1, NaN, Infinity]) {
      expect(() => formatDuration(span)).toThrow(
        `milliseconds is ${span}, expected a finite number of at least 0`,
      );
    }
  });
});
