import { describe, expect, it } from 'vitest';
import { pseudoR1, quantileRegression, summarizeQuantileRegression } from '../../src/index.js';
import type { QuantregFixture, ReferenceFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { table } from '../support/tables.js';

const { statsmodels } = golden<ReferenceFixture>('reference');
const r = golden<QuantregFixture>('quantreg');

describe('summarizeQuantileRegression', () => {
  it.each(statsmodels)(
    'prints the table statsmodels prints for $table at $tau with $bandwidth_rule',
    async (expected) => {
      const { x, y } = await table(expected.table);
      const fit = quantileRegression(x, y, { levels: [expected.tau] });
      const bandwidth = expected.bandwidth_rule === 'bofinger' ? 'bofinger' : 'hallSheather';
      const { tables } = summarizeQuantileRegression(fit, x, y, { bandwidth });
      const mine = tables[0]!.split('\n');
      const theirs = expected.text.split('\n');
      const coefficients = (lines: string[]) => lines.slice(8, 8 + 4 + fit.names.length);
      // Away from the median rounding in statsmodels moves the last digits of the errors (see the inference test).
      if (expected.tau === 0.5) expect(coefficients(mine)).toEqual(coefficients(theirs));
      else
        expect(coefficients(mine).map((line) => line.slice(0, 20))).toEqual(
          coefficients(theirs).map((line) => line.slice(0, 20)),
        );
      // Our left column names the level and the errors where theirs has date and time; the right one is the same.
      const right = (lines: string[]) => lines.slice(3, 8).map((line) => line.slice(40));
      expect(right(mine)).toEqual(right(theirs));
      // statsmodels compares with the interpolated sample quantile, which is not quite the best constant.
      expect(Number(mine[2]!.slice(-6))).toBeCloseTo(expected.pseudo_r, 3);
      expect(mine[0]!.trimEnd()).toBe(theirs[0]!.trimEnd());
    },
  );

  it('names target, level and errors on the left', async () => {
    const { x, y } = await table('engel');
    const fit = quantileRegression(x, y, { names: ['income'], levels: [0.1, 0.9] });
    const { tables } = summarizeQuantileRegression(fit, x, y, {
      target: 'foodexp',
      method: 'nid',
      confidence: 0.9,
    });
    expect(tables).toHaveLength(2);
    const lines = tables[1]!.split('\n');
    expect(lines[2]).toMatch(/^Dep\. Variable: +foodexp {3}Pseudo/);
    expect(lines[5]).toMatch(/^Level: +0\.9 {3}/);
    expect(lines[6]).toMatch(/^Std\. errors: +nid {3}/);
    expect(lines[9]).toMatch(/\[0\.05 +0\.95\]$/);
    expect(lines[12]).toMatch(/^income /);
    expect(lines.every((line) => line.length <= 78)).toBe(true);
  });
});

describe('pseudoR1', () => {
  it.each(['engel', 'yacht', 'concrete'] as const)(
    'is one minus the ratio of the losses R quantreg reports on %s',
    async (name) => {
      const { x, y } = await table(name);
      const fit = quantileRegression(x, y, { levels: r.taus });
      const expected = r.taus.map((_, k) => 1 - r[name].objective[k]! / r[name].intercept_only_objective[k]!);
      expect(worst(pseudoR1(fit, y), expected)).toBeLessThan(1e-11);
    },
  );
});
