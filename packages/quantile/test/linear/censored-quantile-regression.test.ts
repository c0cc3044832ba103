import { describe, expect, it } from 'vitest';
import { censoredQuantileRegression, quantileRegression } from '../../src/index.js';
import type { CensoredKernelFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';

const { random } = golden<CensoredKernelFixture>('censored-kernel');
const x = random.x.map((value) => [value]);
const observed = random.observed.map((value) => value === 1);

describe('censoredQuantileRegression', () => {
  it('is the plain regression at every level of the grid when nothing is censored (Portnoy)', () => {
    const levels = [0.05, 0.2, 0.5, 0.8, 0.95];
    const all = random.y.map(() => true);
    const fit = censoredQuantileRegression(x, random.y, all, { grid: levels, estimator: 'portnoy' });
    expect(
      worst(fit.coefficients.data, quantileRegression(x, random.y, { levels }).coefficients.data),
    ).toBeLessThan(1e-10);
    expect([...fit.levels]).toEqual(levels);
  });

  it('is the Nelson-Aalen quantile when there is only an intercept (Peng-Huang)', () => {
    // Hazard steps 1/5 at 1, 1/4 at 2, 1/2 at 4 (censored: 3 and 5). With H(τ) = -ln(1 - τ): 0.15 → 0.163, 0.3 → 0.357.
    const none = { data: [], rows: 5, columns: 0 };
    const grid = Array.from({ length: 600 }, (_, k) => (k + 1) / 1000);
    const fit = censoredQuantileRegression(none, [1, 2, 3, 4, 5], [true, true, false, true, false], {
      grid,
      estimator: 'pengHuang',
    });
    const at = (level: number) =>
      fit.coefficients.data[fit.levels.findIndex((value) => Math.abs(value - level) < 1e-9)];
    expect([at(0.15), at(0.3), at(0.4)]).toEqual([1, 2, 4]);
  });

  it('follows R quantreg (Portnoy, pivoting): nearly always the same plane at the same level', () => {
    const fit = censoredQuantileRegression(x, random.y, observed);
    const { tau, intercept, slope } = random.portnoy_pivots;
    let same = 0;
    let furthest = 0;
    fit.levels.forEach((level, k) => {
      if (level > 0.9) return;
      const last = tau.findLastIndex((value) => value <= level);
      // Middle of the covariate's range: where neighbouring planes differ least by chance.
      const difference = Math.abs(
        fit.coefficients.data[2 * k]! +
          fit.coefficients.data[2 * k + 1]! / 2 -
          intercept[last]! -
          slope[last]! / 2,
      );
      if (difference < 1e-9) same++;
      furthest = Math.max(furthest, difference);
    });
    const compared = fit.levels.filter((level) => level <= 0.9).length;
    expect(same / compared).toBeGreaterThan(0.4);
    expect(furthest).toBeLessThan(0.2);
  });

  it('gives nearly the same planes by both estimators on a fine grid', () => {
    const grid = Array.from({ length: 140 }, (_, k) => (k + 1) / 200);
    const a = censoredQuantileRegression(x, random.y, observed, { grid, estimator: 'portnoy' });
    const b = censoredQuantileRegression(x, random.y, observed, { grid, estimator: 'pengHuang' });
    const middle = (data: Float64Array, k: number) => data[2 * k]! + data[2 * k + 1]! / 2;
    const gaps = grid.map((_, k) =>
      Math.abs(middle(a.coefficients.data, k) - middle(b.coefficients.data, k)),
    );
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeLessThan(0.03);
  });

  it('ends early where censoring leaves no solution, and refuses when no level has one', () => {
    const late = random.y.map((value) => value < 1.2);
    const fit = censoredQuantileRegression(x, random.y, late, { estimator: 'pengHuang' });
    expect(fit.levels.at(-1)!).toBeLessThan(0.6);
    expect(() =>
      censoredQuantileRegression(
        x,
        random.y,
        random.y.map(() => false),
      ),
    ).toThrow('no row is observed');
    expect(() => censoredQuantileRegression(x, random.y, [true])).toThrow(
      'observed has 1 values, expected 100',
    );
  });
});
