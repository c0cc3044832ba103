import { describe, expect, it } from 'vitest';
import { processCoefficients, quantileProcess, quantileRegression } from '../../src/index.js';
import type { QuantregFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { table } from '../support/tables.js';

const { engel_process: process } = golden<QuantregFixture>('quantreg');

describe('quantileProcess', () => {
  it('steps through the order statistics when there is only an intercept', () => {
    const { breakpoints, coefficients } = quantileProcess({ data: [], rows: 4, columns: 0 }, [7, 1, 5, 3]);
    expect(worst(breakpoints, [0, 0.25, 0.5, 0.75, 1])).toBeLessThan(1e-14);
    expect([...coefficients.data]).toEqual([1, 3, 5, 7]);
  });

  it('has the breakpoints and planes of R quantreg on Engel', async () => {
    const { x, y } = await table('engel');
    const { breakpoints, coefficients } = quantileProcess(x, y);
    // R lists a plane again where only the basis changed and repeats the last one at level 1; merge those.
    const kept = process.tau
      .map((_, k) => k)
      .filter((k) => k === 0 || Math.abs(process.slope[k]! - process.slope[k - 1]!) > 1e-9);
    expect(worst(breakpoints, [...kept.map((k) => process.tau[k]!), 1])).toBeLessThan(1e-10);
    expect(
      worst(
        coefficients.data.filter((_, at) => at % 2 === 0),
        kept.map((k) => process.intercept[k]!),
      ),
    ).toBeLessThan(1e-9);
    expect(
      worst(
        coefficients.data.filter((_, at) => at % 2 === 1),
        kept.map((k) => process.slope[k]!),
      ),
    ).toBeLessThan(1e-9);
  });

  it.each(['yacht', 'concrete', 'wine'] as const)(
    'costs as little as the fit of any single level on %s',
    async (name) => {
      const { x, y } = await table(name);
      const levels = [0.001, 0.07, 0.22, 0.53, 0.81, 0.96];
      const all = quantileProcess(x, y);
      const fit = quantileRegression(x, y, { levels });
      levels.forEach((level, k) => {
        const b = processCoefficients(all, level);
        let cost = 0;
        for (let i = 0; i < y.length; i++) {
          let e = y[i]! - b[0]!;
          for (let j = 0; j < x.columns; j++) e -= b[j + 1]! * x.data[i * x.columns + j]!;
          cost += Math.max(level * e, (level - 1) * e);
        }
        expect(Math.abs(cost / fit.objective[k]! - 1)).toBeLessThan(1e-10);
      });
      expect(all.breakpoints.every((value, k) => k === 0 || value > all.breakpoints[k - 1]!)).toBe(true);
      expect([all.breakpoints[0], all.breakpoints.at(-1)]).toEqual([0, 1]);
    },
  );

  it('keeps to a range of levels', async () => {
    const { x, y } = await table('engel');
    const whole = quantileProcess(x, y);
    const part = quantileProcess(x, y, { from: 0.4, to: 0.6 });
    expect([part.breakpoints[0], part.breakpoints.at(-1)]).toEqual([0.4, 0.6]);
    for (const level of [0.41, 0.5, 0.59])
      expect(worst(processCoefficients(part, level), processCoefficients(whole, level))).toBeLessThan(1e-10);
    expect(() => processCoefficients(part, 0.7)).toThrow('level is 0.7, expected it inside [0.4, 0.6]');
  });

  it('refuses an empty range', () => {
    expect(() => quantileProcess([[1], [2], [3]], [1, 2, 4], { from: 0.5, to: 0.5 })).toThrow(
      'expected 0 ≤ from < to ≤ 1',
    );
  });
});
