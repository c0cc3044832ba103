import { describe, expect, it } from 'vitest';
import { powellQuantileRegression, quantileRegression } from '../../src/index.js';
import type { CensoredKernelFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';

const { fixed } = golden<CensoredKernelFixture>('censored-kernel');
const zeros = fixed.y.map(() => 0);
const levels = fixed.fits.map(({ tau }) => tau);

describe('powellQuantileRegression', () => {
  it('is the plain regression when no row reaches its censoring point', () => {
    const { coefficients } = powellQuantileRegression(
      fixed.x,
      fixed.y,
      fixed.y.map(() => -100),
      { levels },
    );
    expect(
      worst(coefficients.data, quantileRegression(fixed.x, fixed.y, { levels }).coefficients.data),
    ).toBeLessThan(1e-9);
  });

  it('reaches the global optimum R quantreg finds by trying every vertex', () => {
    const { objective, coefficients } = powellQuantileRegression(fixed.x, fixed.y, zeros, { levels });
    fixed.fits.forEach((fit, k) => {
      expect(Math.abs(objective[k]! - fit.global_objective)).toBeLessThan(1e-9);
      expect(objective[k]!).toBeLessThan(fit.local_objective + 1e-9);
      expect(worst(coefficients.data.slice(3 * k, 3 * k + 3), fit.global_coefficients)).toBeLessThan(1e-6);
    });
  });

  it('treats right censoring as the mirror image', () => {
    const left = powellQuantileRegression(fixed.x, fixed.y, zeros, { levels: [0.3] });
    const right = powellQuantileRegression(
      fixed.x,
      fixed.y.map((value) => -value),
      zeros,
      { levels: [0.7], side: 'right' },
    );
    expect(
      worst(
        right.coefficients.data.map((value) => -value),
        left.coefficients.data,
      ),
    ).toBeLessThan(1e-10);
  });

  it('refuses a row on the censored side of its point', () => {
    expect(() => powellQuantileRegression([[1], [2], [3]], [1, 2, 4], [0, 3, 0])).toThrow(
      'y[1] is 2, on the censored side of points[1], 3',
    );
  });
});
