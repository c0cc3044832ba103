import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate, collapse, indexText, numberText, unravel } from '../../src/gpujs/plan/text.js';

/** Runs statements as JavaScript, with the one function they call. */
const run = (body: string, variables: Record<string, number> = {}): number => {
  const names = Object.keys(variables);
  const helpers = 'const wlQuotient = (n, d) => Math.floor(n / d); const wlNumber = (x) => x;';
  return new Function(...names, `${helpers} ${body}`)(...Object.values(variables)) as number;
};

describe('accumulate', () => {
  it.each([1, 2, 127, 128, 129, 1000, 16384, 16385, 20000])(
    'visits each of %i terms once, in order',
    (count) => {
      const lines = accumulate(
        count,
        '0',
        (a, b) => `${a} + ${b}`,
        (k) => [`seen.push(${k});`, 'const term = 1;'],
      );
      const seen: number[] = [];
      const total = new Function('seen', `${lines.join('\n')} return total;`)(seen) as number;
      expect(total).toBe(count);
      expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
    },
  );

  it('writes no loop of more than 128 turns but the outermost', () => {
    const bounds = [
      ...accumulate(
        100_000,
        '0',
        (a) => a,
        () => ['const term = 1;'],
      )
        .join('\n')
        .matchAll(/< (\d+);/g),
    ];
    expect(bounds.map((m) => Number(m[1]))).toEqual([7, 128, 128]);
  });
});

describe('unravel', () => {
  it('takes a number apart as the row-major index of a shape', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, n) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const flat = n % size;
        const back = shape.reduce((text, d, i) => `(${text}) * ${d} + i${i}`, '0');
        expect(run(`${unravel('t', shape, 'i').join(' ')} return ${back};`, { t: flat })).toBe(flat);
        shape.forEach((d, i) =>
          expect(run(`${unravel('t', shape, 'i').join(' ')} return i${i};`, { t: flat })).toBeLessThan(d),
        );
      }),
      { seed: 1 },
    );
  });
});

describe('indexText', () => {
  it('adds and subtracts strides', () => {
    expect(indexText(0, [])).toBe('0');
    expect(
      indexText(7, [
        ['i', 1],
        ['j', 0],
        ['k', -3],
      ]),
    ).toBe('7 + i - k * 3');
    expect(indexText(0, [['i', -1]])).toBe('0 - i');
  });
});

describe('numberText', () => {
  it('writes every finite float32 as plain source without exponents in whole numbers', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (v) => {
        expect(Object.is(run(`return ${numberText(v)};`), v === 0 ? 0 : v)).toBe(true);
        expect(numberText(v)).not.toMatch(/(^|[^.\d])\d+e\+/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('collapse', () => {
  it('joins axes that every array walks as one and drops those of size 1', () => {
    const axes = [
      { size: 2, strides: [12, 0] },
      { size: 1, strides: [99, 99] },
      { size: 3, strides: [4, 0] },
      { size: 4, strides: [1, 1] },
    ];
    expect(collapse(axes)).toEqual([
      { size: 6, strides: [4, 0] },
      { size: 4, strides: [1, 1] },
    ]);
  });
});
