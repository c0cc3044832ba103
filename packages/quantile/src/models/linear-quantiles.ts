import type { QuantileRegression } from '../linear/quantile-regression.js';
import { predictQuantileRegression, quantileRegression } from '../linear/quantile-regression.js';
import { readModel } from './model-json.js';
import { fittedPositions, toPredictionRows } from './model-input.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface LinearQuantilesOptions {
  /** Default true. */
  readonly intercept?: boolean;
  /** `λ ≥ 0` of the L1 penalty; default 0. */
  readonly penalty?: number;
  /** Names of the features, kept in the model. */
  readonly names?: readonly string[];
  /** Sort each predicted row, so that quantiles never cross; default true. */
  readonly sort?: boolean;
}

/** A linear model keeps its fit, for coefficients and inference. */
export interface LinearQuantileModel extends QuantileModel {
  readonly fit: QuantileRegression;
}

/** {@link quantileRegression} as one of the exchangeable quantile models. */
export function linearQuantiles(
  options: LinearQuantilesOptions = {},
): QuantileEstimator<LinearQuantileModel> {
  const { sort = true, ...fitOptions } = options;
  return {
    method: 'linear',
    fit: (x, y, { levels, weights }) =>
      linearModel(quantileRegression(x, y, { ...fitOptions, levels, weights }), sort),
  };
}

/** Brings a linear model back from its JSON form. */
export function linearQuantilesFromJSON(json: QuantileModelJSON): LinearQuantileModel {
  const { levels, features, fields } = readModel(json, 'linear');
  const names = fields.strings('names');
  const intercept = fields.boolean('intercept');
  const coefficients = fields.numbers('coefficients');
  const m = levels.length;
  if (names.length !== features + (intercept ? 1 : 0) || coefficients.length !== m * names.length)
    throw new RangeError(
      `quantileModelFromJSON: ${coefficients.length} coefficients for ${names.length} names and ${m} levels`,
    );
  const fit: QuantileRegression = {
    levels,
    names,
    intercept,
    penalty: fields.number('penalty'),
    coefficients: { data: coefficients, rows: m, columns: names.length },
    objective: fields.numbers('objective'),
    pinball: fields.numbers('pinball'),
    gap: fields.numbers('gap'),
    unique:
      fields.numbers('unique').length === m ? [...fields.numbers('unique')].map((value) => value === 1) : [],
    rows: fields.number('rows'),
  };
  return linearModel(fit, fields.boolean('sort'));
}

function linearModel(fit: QuantileRegression, sort: boolean): LinearQuantileModel {
  const { levels, names, intercept } = fit;
  const features = names.length - (intercept ? 1 : 0);
  return {
    method: 'linear',
    levels,
    features,
    fit,
    predict(x, asked) {
      const where = 'linearQuantiles.predict';
      const positions = fittedPositions(where, levels, asked);
      const { data: all, rows } = predictQuantileRegression(fit, toPredictionRows(where, x, features));
      const m = levels.length;
      if (sort) for (let i = 0; i < rows; i++) all.subarray(i * m, (i + 1) * m).sort();
      const data = new Float64Array(rows * positions.length);
      for (let i = 0, at = 0; i < rows; i++) for (const k of positions) data[at++] = all[i * m + k]!;
      return { data, rows, columns: positions.length };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'linear',
      levels: [...levels],
      features,
      names: [...names],
      intercept,
      penalty: fit.penalty,
      coefficients: [...fit.coefficients.data],
      objective: [...fit.objective],
      pinball: [...fit.pinball],
      gap: [...fit.gap],
      unique: fit.unique.map(Number),
      rows: fit.rows,
      sort,
    }),
  };
}
