import { expect, it } from 'vitest';
import { binomialBounds } from './binomial-bounds.js';

it('agrees with the quantiles of scipy.stats.binom (1.17.1): ppf(1e-4) and isf(1e-4)', () => {
  expect(binomialBounds(2000, 0.8)).toEqual({ low: 1532, high: 1665 });
  expect(binomialBounds(600, 0.9)).toEqual({ low: 511, high: 565 });
});
