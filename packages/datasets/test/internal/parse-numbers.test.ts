import { describe, expect, it } from 'vitest';
import { parseNumbers } from '../../src/internal/parse-numbers.js';

describe('parseNumbers', () => {
  it('reads blanks, tabs and commas, and skips empty lines', () => {
    expect([...parseNumbers('t', ['1 2.5', '', '-3e2 \t4 ', '5, 6', ''], 3, 2)]).toEqual([
      1, 2.5, -300, 4, 5, 6,
    ]);
  });

  it.each([
    ['a missing row', ['1 2'], '"t" has 1 rows, expected 2'],
    ['a missing field', ['1 2', '3'], '"t" row 1 has 1 fields, expected 2'],
    ['a word', ['1 2', '3 x'], '"t" row 1 field 1 is "x", expected a number'],
    ['an empty field', ['1,2', ',3'], '"t" row 1 field 0 is "", expected a number'],
    ['infinity', ['1 2', 'Infinity 3'], '"t" row 1 field 0 is "Infinity", expected a number'],
  ])('refuses %s', (_fault, lines, message) => {
    expect(() => parseNumbers('t', lines, 2, 2)).toThrow(message);
  });
});
