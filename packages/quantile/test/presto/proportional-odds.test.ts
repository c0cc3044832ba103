import { describe, expect, it } from 'vitest';
import { logisticRegression, predictLogistic, proportionalOdds } from '../../src/presto/proportional-odds.js';
import golden from '../golden/ordinal.json' with { type: 'json' };

const { x, y, polr, glm, statsmodels } = golden;

describe('proportionalOdds', () => {
  it('agrees with MASS::polr, whose slopes have the other sign', () => {
    const { intercepts, slopes, logLikelihood, standardErrors, interceptErrors } = proportionalOdds({ x, y });
    expect(logLikelihood).toBeCloseTo(polr.logLik, 7);
    intercepts.forEach((value, k) => expect(value).toBeCloseTo(polr.zeta[k]!, 4));
    for (const row of slopes) row.forEach((value, j) => expect(value).toBeCloseTo(-polr.coefficients[j]!, 4));
    // polr differentiates its Hessian numerically.
    [...standardErrors, ...interceptErrors].forEach((value, j) =>
      expect(value).toBeCloseTo(polr.standardErrors[j]!, 4),
    );
  });

  it('agrees with statsmodels OrderedModel', () => {
    const { slopes, logLikelihood, standardErrors } = proportionalOdds({ x, y });
    expect(logLikelihood).toBeCloseTo(statsmodels.logLik, 7);
    slopes[0]!.forEach((value, j) => expect(value).toBeCloseTo(-statsmodels.coefficients[j]!, 5));
    standardErrors.forEach((value, j) => expect(value).toBeCloseTo(statsmodels.standardErrors[j]!, 5));
  });

  it('sees that classes in perfect order are separated', () => {
    const { separated, logLikelihood } = proportionalOdds({
      x: [[1], [2], [3], [4], [5], [6]],
      y: [0, 0, 1, 1, 2, 2],
    });
    expect(separated).toBe(true);
    expect(logLikelihood).toBeGreaterThan(-1e-6);
    expect(proportionalOdds({ x, y }).separated).toBe(false);
  });

  it('names a column that others explain, and one that is constant', () => {
    const double = x.map(([a, b]) => [a!, b!, 2 * a! - b!]);
    expect(() => proportionalOdds({ x: double, y })).toThrow(
      'proportionalOdds: column 2 of x is constant or a combination',
    );
    expect(() => proportionalOdds({ x: x.map(([a]) => [3, a!]), y })).toThrow('column 0 of x is constant');
  });
});

describe('logisticRegression', () => {
  it('agrees with R glm on the highest class against the rest', () => {
    const { intercept, coefficients, standardErrors, logLikelihood } = logisticRegression({ x, y });
    expect(logLikelihood).toBeCloseTo(glm.logLik, 8);
    [intercept, ...coefficients].forEach((value, j) => expect(value).toBeCloseTo(glm.coefficients[j]!, 7));
    standardErrors.forEach((value, j) => expect(value).toBeCloseTo(glm.standardErrors[j]!, 6));
  });

  it('takes any cut, and two classes will do', () => {
    const binary = y.map((code) => (code >= 2 ? 'yes' : 'no'));
    const two = logisticRegression({ x, y: binary, classes: ['no', 'yes'] });
    const cut = logisticRegression({ x, y, event: 2 });
    two.coefficients.forEach((value, j) => expect(value).toBeCloseTo(cut.coefficients[j]!, 9));
    const share = predictLogistic(cut, x).reduce((sum, p) => sum + p, 0);
    // At the maximum of the likelihood the probabilities sum to the number of events.
    expect(share).toBeCloseTo(y.filter((code) => code >= 2).length, 6);
  });

  it('reports a separated event instead of pretending to have slopes', () => {
    const fit = logisticRegression({ x: [[1], [2], [3], [4]], y: [0, 0, 1, 1] });
    expect(fit.separated).toBe(true);
    const p = predictLogistic(fit, [[1], [4]]);
    expect(p[0]).toBeLessThan(1e-6);
    expect(p[1]).toBeGreaterThan(1 - 1e-6);
  });

  it('has one clear error for each bad input', () => {
    expect(() => logisticRegression({ x: [[1], [2]], y: [1, 1] })).toThrow(
      'y has 1 class(es), expected at least 2',
    );
    expect(() => logisticRegression({ x, y, event: 0 })).toThrow('event is 0, expected one of [1,2,3]');
    expect(() => logisticRegression({ x, y, event: 9 })).toThrow('event is 9');
    expect(() => predictLogistic(logisticRegression({ x, y }), [[1, 2]])).toThrow(
      'x has 2 columns, expected 3 as in training',
    );
  });
});
