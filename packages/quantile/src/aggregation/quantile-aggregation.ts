import { foldIn } from '@weightloom/tensor-gpu';
import type { FoldOptions } from '../conformal/cross-fit.js';
import { requireKey } from '../models/fit-network.js';
import { fittedPositions, pickLevels, toPredictionRows, toTrainingRows } from '../models/model-input.js';
import { readModel } from '../models/model-json.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from '../models/quantile-model.js';
import { aggregateQuantiles, type AggregationSettings, checkAggregation } from './aggregate-quantiles.js';
import { crossFitQuantiles } from './cross-fit-quantiles.js';
import { type QuantileAggregator, quantileAggregatorFromJSON } from './quantile-aggregator.js';

export interface QuantileAggregationOptions extends AggregationSettings {
  /** The methods to combine, at least one. */
  readonly estimators: readonly QuantileEstimator[];
  /** Folds of the out-of-fold predictions the weights learn from; default 5. */
  readonly folds?: FoldOptions['folds'];
}

/** An aggregation keeps its base models and its weights. */
export interface QuantileAggregationModel extends QuantileModel {
  readonly models: readonly QuantileModel[];
  readonly aggregator: QuantileAggregator;
}

/**
 * Several methods and learnt weights as one of the exchangeable quantile models; with the default settings deep quantile aggregation.
 *
 * Base models predict every training row out of fold, {@link aggregateQuantiles} learns the weights from these predictions, and
 * the base models are fitted once more on all rows. `fit` needs a key and answers a promise. For calibrated bands wrap it
 * in `conformalQuantiles`.
 *
 * @throws {RangeError} for no estimators or settings out of range
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083
 */
export function quantileAggregation(
  options: QuantileAggregationOptions,
): QuantileEstimator<Promise<QuantileAggregationModel>> {
  const where = 'quantileAggregation';
  const { estimators, folds, ...settings } = options;
  if (estimators.length === 0) throw new RangeError(`${where}: estimators is empty, expected at least one`);
  checkAggregation(where, settings);
  return {
    method: 'aggregation',
    async fit(x, y, fitOptions) {
      const key = requireKey(where, fitOptions.key);
      const rows = toTrainingRows(where, x, y, fitOptions);
      const { levels, weights } = rows;
      const onProgress = rows.onProgress ?? settings.onProgress;
      const signal = rows.signal ?? settings.signal;
      const crossFit = { levels, weights, folds, key, onProgress, signal };
      const stack = await crossFitQuantiles(estimators, rows.x, rows.y, crossFit);
      const aggregator = await aggregateQuantiles({
        ...settings,
        models: stack,
        y: rows.y,
        levels,
        weights,
        ...(settings.locality !== 'global' && { x: rows.x }),
        key: foldIn(key, 'weights'),
        onProgress,
        signal,
      });
      const models: QuantileModel[] = [];
      for (const [j, estimator] of estimators.entries()) {
        signal?.throwIfAborted();
        models.push(
          await estimator.fit(rows.x, rows.y, { levels, weights, key: foldIn(key, `model ${j}`), signal }),
        );
        onProgress?.({ done: j + 1, total: estimators.length, label: `All rows, ${estimator.method}` });
      }
      return aggregationModel(models, aggregator);
    },
  };
}

/** Brings an aggregation back from its JSON form; `read` brings back the base models. */
export function quantileAggregationFromJSON(
  json: QuantileModelJSON,
  read: (json: unknown) => QuantileModel,
): QuantileAggregationModel {
  const { levels, features } = readModel(json, 'aggregation');
  if (!Array.isArray(json.models))
    throw new TypeError('quantileModelFromJSON: aggregation.models must be an array');
  const models = (json.models as unknown[]).map(read);
  const aggregator = quantileAggregatorFromJSON(json.aggregator);
  const same = (other: Float64Array): boolean =>
    other.length === levels.length && other.every((level, k) => level === levels[k]);
  if (
    models.length !== aggregator.models ||
    !same(aggregator.levels) ||
    models.some((model) => model.features !== features || !same(model.levels)) ||
    (aggregator.locality === 'local' && aggregator.features !== features)
  )
    throw new RangeError('quantileModelFromJSON: models and weights of the aggregation do not fit together');
  return aggregationModel(models, aggregator);
}

function aggregationModel(
  models: readonly QuantileModel[],
  aggregator: QuantileAggregator,
): QuantileAggregationModel {
  const { levels } = aggregator;
  const { features } = models[0]!;
  return {
    method: 'aggregation',
    levels,
    features,
    models,
    aggregator,
    predict(x, asked) {
      const where = 'quantileAggregation.predict';
      const positions = fittedPositions(where, levels, asked);
      const rows = toPredictionRows(where, x, features);
      if (rows.rows === 0) return { data: new Float64Array(0), rows: 0, columns: positions.length };
      const all = aggregator.predict(
        models.map((model) => model.predict(rows)),
        aggregator.locality === 'local' ? rows : undefined,
      );
      return pickLevels(all, positions);
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'aggregation',
      levels: [...levels],
      features,
      models: models.map((model) => model.toJSON()),
      aggregator: aggregator.toJSON(),
    }),
  };
}
