import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../src/internal/normal.js';
import { studentCdf, studentPValue, studentQuantile } from '../../src/internal/student.js';
import type { ReferenceFixture } from '../support/golden.js';
import { golden } from '../support/golden.js';

const { distributions } = golden<ReferenceFixture>('reference');

describe('distribution functions', () => {
  it('give the values of scipy, relative error below 1e-11 in the tails too', () => {
    for (const [x, p] of distributions.normal_cdf) expect(Math.abs(normalCdf(x) / p - 1)).toBeLessThan(1e-12);
    for (const [p, x] of distributions.normal_quantile)
      expect(Math.abs(normalQuantile(p) - x)).toBeLessThan(1e-12 * (1 + Math.abs(x)));
    for (const [t, df, p] of distributions.student_cdf)
      expect(Math.abs(studentCdf(t, df) / p - 1)).toBeLessThan(1e-11);
    for (const [p, df, t] of distributions.student_quantile)
      expect(Math.abs(studentQuantile(p, df) - t)).toBeLessThan(1e-9);
  });

  it('are symmetric', () => {
    expect(normalCdf(1.3) + normalCdf(-1.3)).toBeCloseTo(1, 15);
    expect(studentQuantile(0.3, 4)).toBe(-studentQuantile(0.7, 4));
    expect(studentPValue(0, 5)).toBe(1);
    expect(studentQuantile(0.5, 5)).toBe(0);
  });
});
