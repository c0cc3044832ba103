import { describe, expect, it } from 'vitest';
import {
  applyQra,
  factorQuantileRegressionAveraging,
  quantileRegressionAveraging,
} from '../../src/aggregation/quantile-regression-averaging.js';
import golden from '../golden/aggregation.json' with { type: 'json' };

const { models, y, levels, fits } = golden.qra;

/** Mean pinball loss of a model's own predictions, level by level. */
function lossesOf(q: { data: Float64Array; columns: number }): number[] {
  return levels.map((level, k) => {
    const errors = y.map((value, i) => value - q.data[i * q.columns + k]!);
    return errors.reduce((sum, e) => sum + Math.max(level * e, (level - 1) * e), 0) / y.length;
  });
}

describe('quantileRegressionAveraging', () => {
  it.each(fits)(
    'reaches the loss of scipy with intercept $intercept, nonNegative $nonNegative, sumToOne $sumToOne, and its weights',
    async ({ intercept, nonNegative, sumToOne, levels: expected }) => {
      const model = await quantileRegressionAveraging({
        models,
        y,
        levels,
        intercept,
        nonNegative,
        sumToOne,
      });
      expected.forEach((fit, k) => {
        expect(model.losses[k]).toBeCloseTo(fit.loss, 10);
        fit.weights.forEach((weight, j) => expect(model.weights[k]![j]).toBeCloseTo(weight, 6));
        expect(model.intercepts[k]).toBeCloseTo(fit.intercept, 6);
        if (nonNegative) expect(Math.min(...model.weights[k]!)).toBeGreaterThanOrEqual(-1e-9);
        if (sumToOne) expect(model.weights[k]!.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 9);
        if (!intercept) expect(model.intercepts[k]).toBe(0);
      });
    },
  );

  it('applies as it says: the training losses are those of its own predictions, also after JSON', async () => {
    const model = await quantileRegressionAveraging({ models, y, levels, nonNegative: true });
    const again = JSON.parse(JSON.stringify(model));
    lossesOf(applyQra(again, models)).forEach((loss, k) => expect(loss).toBeCloseTo(model.losses[k]!, 12));
  });

  it('is never worse on its training rows than the average or any model', async () => {
    const { losses } = await quantileRegressionAveraging({
      models,
      y,
      levels,
      nonNegative: true,
      sumToOne: true,
      intercept: false,
    });
    for (const single of models) {
      const q = { data: Float64Array.from(single.flat()), columns: levels.length };
      lossesOf(q).forEach((loss, k) => expect(losses[k]!).toBeLessThanOrEqual(loss + 1e-12));
    }
  });

  it('has one clear error for each bad input', async () => {
    const where = 'quantileRegressionAveraging';
    const few = { models: [[[1]], [[2]]], y: [1], levels: [0.5] };
    await expect(quantileRegressionAveraging(few)).rejects.toThrow(
      `${where}: 1 rows are too few for 3 coefficients`,
    );
    await expect(quantileRegressionAveraging({ models, y, levels: [0.5, 0.1, 0.8] })).rejects.toThrow(
      'levels[1] is 0.1 after 0.5',
    );
    await expect(quantileRegressionAveraging({ models, y, levels: [0.5] })).rejects.toThrow(
      'models have 3 columns, expected one per level (1)',
    );
    await expect(quantileRegressionAveraging({ models, y: y.slice(1), levels })).rejects.toThrow(
      'y has 58 values, expected 59',
    );
    const fit = await quantileRegressionAveraging({ models, y, levels });
    expect(() => applyQra(fit, models.slice(1))).toThrow('applyQra: got 2 models, expected 3 as in the fit');
  });
});

describe('factorQuantileRegressionAveraging', () => {
  it('reaches the loss and weights of scipy on two components from numpy', async () => {
    const model = await factorQuantileRegressionAveraging({ models, y, levels, factors: 2 });
    golden.factor.forEach((fit, k) => {
      expect(model.losses[k]).toBeCloseTo(fit.loss, 10);
      fit.weights.forEach((weight, j) => expect(model.weights[k]![j]).toBeCloseTo(weight, 6));
      expect(model.intercepts[k]).toBeCloseTo(fit.intercept, 6);
    });
    lossesOf(applyQra(model, models)).forEach((loss, k) => expect(loss).toBeCloseTo(model.losses[k]!, 10));
  });

  it('is plain averaging when all components are kept', async () => {
    const all = await factorQuantileRegressionAveraging({ models, y, levels, share: 1 });
    const plain = await quantileRegressionAveraging({ models, y, levels });
    all.losses.forEach((loss, k) => expect(loss).toBeCloseTo(plain.losses[k]!, 10));
  });

  it('refuses factors out of range', async () => {
    await expect(factorQuantileRegressionAveraging({ models, y, levels, factors: 4 })).rejects.toThrow(
      'factors is 4, expected an integer from 1 to the 3 models',
    );
  });
});
