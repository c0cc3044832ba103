import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { inferQuantileRegression, quantileRegression } from '../../src/index.js';
import type { QuantregFixture, ReferenceFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { table } from '../support/tables.js';

const r = golden<QuantregFixture>('quantreg');
const { statsmodels } = golden<ReferenceFixture>('reference');
const levels = [0.25, 0.5, 0.75];

describe('inferQuantileRegression', () => {
  it.each(['engel', 'yacht', 'concrete'] as const)(
    'gives the iid, nid and kernel errors of R quantreg on %s',
    async (name) => {
      const { x, y } = await table(name);
      const fit = quantileRegression(x, y, { levels });
      const d = fit.names.length;
      for (const method of ['iid', 'nid', 'kernel'] as const) {
        const inference = inferQuantileRegression(fit, x, y, { method });
        levels.forEach((_, k) => {
          if (!fit.unique[k]) return;
          const rows = r[name][method][k]!;
          const mine = (values: Float64Array) => values.slice(k * d, (k + 1) * d);
          expect(
            worst(
              mine(inference.standardErrors.data).map((error, j) => error / rows[j]![1]!),
              rows.map(() => 1),
            ),
          ).toBeLessThan(1e-9);
          expect(
            worst(
              mine(inference.tValues.data),
              rows.map(([, , t]) => t!),
            ),
          ).toBeLessThan(1e-9);
          expect(
            worst(
              mine(inference.pValues.data),
              rows.map(([, , , p]) => p!),
            ),
          ).toBeLessThan(1e-9);
        });
      }
    },
  );

  it('multiplies rows by their weights, as R quantreg does', async () => {
    const { x, y } = await table('engel');
    const weights = y.map((_, i) => 1 + ((i + 1) % 3));
    const fit = quantileRegression(x, y, { levels: [0.3], weights });
    const { standardErrors } = inferQuantileRegression(fit, x, y, { method: 'nid', weights });
    expect(
      worst(
        standardErrors.data,
        r.engel.weighted.nid.map(([, error]) => error!),
      ),
    ).toBeLessThan(1e-9);
  });

  it.each(statsmodels)(
    'gives the robust errors of statsmodels on $table at $tau with $bandwidth_rule',
    async (expected) => {
      const { x, y } = await table(expected.table);
      const fit = quantileRegression(x, y, { levels: [expected.tau] });
      const bandwidth = expected.bandwidth_rule === 'bofinger' ? 'bofinger' : 'hallSheather';
      const inference = inferQuantileRegression(fit, x, y, { method: 'robust', bandwidth });
      // statsmodels iterates to about six digits of the coefficients, and rounding decides there on which side of the plane
      // the rows it passes through lie, which matters away from the median.
      const tolerance = expected.tau === 0.5 ? 2e-5 : 2e-2;
      const close = (actual: ArrayLike<number>, other: number[]) =>
        expect(worst(actual, other)).toBeLessThan(tolerance);
      close(inference.standardErrors.data, expected.standard_errors);
      close(inference.tValues.data, expected.t);
      close(inference.pValues.data, expected.p);
      close(
        inference.lower.data,
        expected.interval.map(([low]) => low!),
      );
      close(
        inference.upper.data,
        expected.interval.map(([, high]) => high!),
      );
      close(inference.sparsity, [expected.sparsity]);
      close(inference.bandwidth, [expected.bandwidth]);
    },
  );

  it('bootstraps pairs: near the sandwich errors, the same for the same key, other for another', async () => {
    const { x, y } = await table('engel');
    const fit = quantileRegression(x, y, { levels });
    const draw = (seed: number) =>
      inferQuantileRegression(fit, x, y, { method: 'bootstrap', key: key(seed), resamples: 400 });
    const first = draw(1);
    // R 4.2.2, quantreg 5.94, mean of three summary(rq(...), se = "boot", bsmethod = "xy", R = 2000) at 0.5: 27.5 and 0.0354.
    expect(first.standardErrors.data[2]! / 27.5).toBeGreaterThan(0.8);
    expect(first.standardErrors.data[2]! / 27.5).toBeLessThan(1.25);
    expect(first.standardErrors.data[3]! / 0.0354).toBeGreaterThan(0.8);
    expect(first.standardErrors.data[3]! / 0.0354).toBeLessThan(1.25);
    expect(draw(1).standardErrors).toEqual(first.standardErrors);
    expect(draw(2).standardErrors.data[0]).not.toBe(first.standardErrors.data[0]);
    expect(first.sparsity.every(Number.isNaN)).toBe(true);
  });

  it('takes the intervals wider for more confidence', async () => {
    const { x, y } = await table('engel');
    const fit = quantileRegression(x, y);
    const narrow = inferQuantileRegression(fit, x, y, { confidence: 0.5 });
    const wide = inferQuantileRegression(fit, x, y, { confidence: 0.99 });
    expect(wide.lower.data[0]).toBeLessThan(narrow.lower.data[0]!);
    expect(wide.upper.data[0]).toBeGreaterThan(narrow.upper.data[0]!);
    expect(narrow.degreesOfFreedom).toBe(233);
  });

  it('refuses a penalised fit, a bootstrap without key, no degree of freedom and bad options', async () => {
    const { x, y } = await table('engel');
    const penalised = quantileRegression(x, y, { penalty: 1 });
    expect(() => inferQuantileRegression(penalised, x, y)).toThrow(
      'the fit has penalty 1; there are no standard errors for it',
    );
    const fit = quantileRegression(x, y);
    expect(() => inferQuantileRegression(fit, x, y, { method: 'bootstrap' })).toThrow(TypeError);
    expect(() => inferQuantileRegression(fit, x, y, { confidence: 1 })).toThrow('confidence is 1');
    expect(() =>
      inferQuantileRegression(fit, x, y, { method: 'bootstrap', key: key(1), resamples: 1 }),
    ).toThrow('resamples is 1');
    const exact = quantileRegression([[1], [2]], [1, 3]);
    expect(() => inferQuantileRegression(exact, [[1], [2]], [1, 3])).toThrow(
      '2 rows and 2 coefficients leave no degree of freedom',
    );
  });
});
