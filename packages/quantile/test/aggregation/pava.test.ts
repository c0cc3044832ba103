import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pava, pavaVjp } from '../../src/aggregation/pava.js';
import golden from '../golden/aggregation.json' with { type: 'json' };

const numbers = (minLength = 1) =>
  fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength, maxLength: 12 });

describe('pava', () => {
  it('pools the violators of a short row', () => {
    expect([...pava([1, 3, 2, 4])]).toEqual([1, 2.5, 2.5, 4]);
    expect([...pava([3, 2, 1])]).toEqual([2, 2, 2]);
    expect([...pava([3, 1], [1, 3])]).toEqual([1.5, 1.5]);
    expect([...pava([])]).toEqual([]);
  });

  it('agrees with scipy.optimize.isotonic_regression, plain and weighted', () => {
    for (const { values, weights, plain, weighted } of golden.isotonic) {
      pava(values).forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 10));
      pava(values, weights).forEach((value, i) => expect(value).toBeCloseTo(weighted[i]!, 10));
    }
  });

  it('leaves rising rows as they are and changes nothing the second time', () => {
    fc.assert(
      fc.property(numbers(), (row) => {
        const sorted = Float64Array.from(row).sort();
        expect(pava(sorted)).toEqual(sorted);
        const once = pava(row);
        expect(pava(once)).toEqual(once);
      }),
    );
  });

  it('refuses NaN and weights that are not above 0', () => {
    expect(() => pava([1, NaN])).toThrow('pava: values[1] is NaN, expected a finite number');
    expect(() => pava([1, 2], [1, 0])).toThrow('pava: weights[1] is 0, expected a number above 0');
  });
});

describe('pavaVjp', () => {
  it('averages the gradient over each block', () => {
    expect([...pavaVjp([1, 3, 2, 4], [10, 1, 5, 7])]).toEqual([10, 3, 3, 7]);
    expect([...pavaVjp([3, 1], [4, 0], [1, 3])]).toEqual([1, 3]);
  });

  it('agrees with central differences where the blocks do not change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20), fc.nat(9), fc.nat(9)), { minLength: 2, maxLength: 12 }),
        (cells) => {
          // Uneven offsets keep the values apart by far more than the step.
          const row = cells.map(([value], i) => value / 10 + i * 0.00137);
          const gradient = cells.map(([, u]) => u - 4);
          const weights = cells.map(([, , w]) => 1 + w / 7);
          const loss = (values: number[]) =>
            pava(values, weights).reduce((sum, value, i) => sum + value * gradient[i]!, 0);
          const h = 1e-6;
          const analytic = pavaVjp(row, gradient, weights);
          row.forEach((_, i) => {
            const at = (by: number) => loss(row.map((value, j) => (j === i ? value + by : value)));
            const [right, left] = [(at(h) - at(0)) / h, (at(0) - at(-h)) / h];
            // At a kink (equal neighbours) the two sides differ and either is a fair answer.
            if (Math.abs(right - left) < 1e-6) expect(Math.abs(analytic[i]! - right)).toBeLessThan(1e-6);
          });
        },
      ),
    );
  });
});
