import { describe, expect, it } from 'vitest';
import { quantileRegression, rankIntervals } from '../../src/index.js';
import type { QuantregFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { table } from '../support/tables.js';

const r = golden<QuantregFixture>('quantreg');
const levels = [0.25, 0.5, 0.75];

describe('rankIntervals', () => {
  it.each(['engel', 'concrete'] as const)(
    'agrees with R quantreg on %s, for errors of one distribution and of many',
    async (name) => {
      const { x, y } = await table(name);
      const fit = quantileRegression(x, y, { levels });
      const d = fit.names.length;
      for (const errors of ['iid', 'nid'] as const) {
        const { lower, upper } = rankIntervals(fit, x, y, { confidence: 0.9, errors });
        levels.forEach((_, k) => {
          const rows = r[name][`rank_${errors}`][k]!;
          expect(
            worst(
              lower.data.slice(k * d, (k + 1) * d),
              rows.map(([, low]) => low!),
            ),
          ).toBeLessThan(1e-9);
          expect(
            worst(
              upper.data.slice(k * d, (k + 1) * d),
              rows.map(([, , high]) => high!),
            ),
          ).toBeLessThan(1e-9);
        });
      }
    },
  );

  it('agrees with R quantreg on yacht at the first quartile, where no two optima tie', async () => {
    const { x, y } = await table('yacht');
    const fit = quantileRegression(x, y, { levels: [0.25] });
    const { lower, upper } = rankIntervals(fit, x, y, { confidence: 0.9 });
    expect(
      worst(
        lower.data,
        r.yacht.rank_iid[0]!.map(([, low]) => low!),
      ),
    ).toBeLessThan(1e-8);
    expect(
      worst(
        upper.data,
        r.yacht.rank_iid[0]!.map(([, , high]) => high!),
      ),
    ).toBeLessThan(1e-8);
  });

  it('holds the estimate and grows with the confidence', async () => {
    const { x, y } = await table('engel');
    const fit = quantileRegression(x, y, { levels });
    const narrow = rankIntervals(fit, x, y, { confidence: 0.6 });
    const wide = rankIntervals(fit, x, y, { confidence: 0.99 });
    fit.coefficients.data.forEach((value, at) => {
      expect(narrow.lower.data[at]!).toBeLessThanOrEqual(value);
      expect(narrow.upper.data[at]!).toBeGreaterThanOrEqual(value);
      expect(wide.lower.data[at]!).toBeLessThan(narrow.lower.data[at]!);
      expect(wide.upper.data[at]!).toBeGreaterThan(narrow.upper.data[at]!);
    });
  });

  it('has infinite ends where so few rows never reject', () => {
    const x = [[1], [2], [3], [4]];
    const y = [1, 3, 2, 5];
    const { lower, upper } = rankIntervals(quantileRegression(x, y), x, y, { confidence: 0.999 });
    expect([...lower.data, ...upper.data]).toEqual([-Infinity, -Infinity, Infinity, Infinity]);
  });

  it('refuses a penalised fit and a confidence outside (0, 1)', () => {
    const x = [[1], [2], [3], [4]];
    const y = [1, 3, 2, 5];
    expect(() => rankIntervals(quantileRegression(x, y, { penalty: 1 }), x, y)).toThrow(
      'rankIntervals: the fit has penalty 1',
    );
    expect(() => rankIntervals(quantileRegression(x, y), x, y, { confidence: 2 })).toThrow('confidence is 2');
  });
});
