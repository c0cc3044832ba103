import { toVector } from '../internal/matrix.js';
import { toWeights } from '../internal/check-data.js';
import { ascendingOrder, weightedQuantile } from '../internal/weighted-quantile.js';
import type { QuantileRegression } from './quantile-regression.js';

/**
 * Goodness of fit per level, `R¹(τ) = 1 - V(τ) / V₀(τ)`, `[m]`: the pinball loss of the fit against that of a constant.
 *
 * @param y - the target of the fit, `[n]`
 * @see Koenker, Machado 1999, JASA 94
 */
export function pseudoR1(
  fit: QuantileRegression,
  y: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Float64Array {
  const where = 'pseudoR1';
  const target = toVector(where, 'y', y);
  const w = toWeights(where, weights, target.length);
  const order = ascendingOrder(target);
  const total = w.reduce((sum, weight) => sum + weight, 0);
  return fit.levels.map((level, k) => {
    const constant = weightedQuantile(target, w, order, level);
    const loss = target.reduce((sum, value, i) => {
      const e = value - constant;
      return sum + w[i]! * Math.max(level * e, (level - 1) * e);
    }, 0);
    return 1 - (fit.pinball[k]! * total) / loss;
  });
}
