import { describe, expect, it } from 'vitest';
import { formatBytes } from '../src/index.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [100 * 1024, '100 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [5 * 1024 ** 3, '5 GiB'],
    [2 ** 53, '8 PiB'],
    [3000 * 1024 ** 5, '3000 PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('refuses sizes that are negative or not finite', () => {
    for (const bytes of [-1, NaN, Infinity]) {
      expect(() => formatBytes(bytes)).toThrow(`bytes is ${bytes}, expected a finite number of at least 0`);
    }
  });
});
