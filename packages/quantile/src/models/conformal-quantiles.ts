import { foldIn, generator } from '@weightloom/tensor-gpu';
import {
  type CalibratedQuantiles,
  type CalibratedQuantilesState,
  calibrateQuantiles,
  restoreCalibratedQuantiles,
} from '../conformal/calibrate-quantiles.js';
import { selectRows } from '../internal/matrix.js';
import { requireKey } from './fit-network.js';
import { fittedPositions, toTrainingRows } from './model-input.js';
import { readModel } from './model-json.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface ConformalQuantilesOptions {
  /** Share of the rows held out for calibration, in (0, 1); default 0.25. */
  readonly share?: number | undefined;
  /** `symmetric` (default) or `asymmetric`, as for `calibrateQuantiles`. */
  readonly tails?: 'symmetric' | 'asymmetric' | undefined;
}

/**
 * Any quantile estimator with conformal calibration on top: fitted on one part of the rows, every pair of levels calibrated on the other,
 * so that the band from `τ` to `1 - τ` covers with probability at least `1 - 2τ`.
 *
 * Levels must be symmetric around 0.5. Row weights serve the fit alone. `fit` needs a key, which draws the parts.
 *
 * @throws {RangeError} for a share outside (0, 1), or too few held-out rows for the outermost levels
 * @see calibrateQuantiles, and Fakoor et al. 2023, arXiv:2103.00083 (section 5)
 */
export function conformalQuantiles(
  estimator: QuantileEstimator,
  { share = 0.25, tails }: ConformalQuantilesOptions = {},
): QuantileEstimator<Promise<QuantileModel>> {
  const where = 'conformalQuantiles';
  if (!(share > 0 && share < 1))
    throw new RangeError(`${where}: share is ${share}, expected a number above 0 and below 1`);
  return {
    method: 'conformal',
    async fit(x, y, fitOptions) {
      const key = requireKey(where, fitOptions.key);
      const rows = toTrainingRows(where, x, y, fitOptions);
      const order = generator(foldIn(key, 'calibration')).permutation(rows.y.length);
      const held = order.slice(0, Math.round(share * order.length)).sort();
      const kept = order.slice(held.length).sort();
      const pick = (values: Float64Array, from: Int32Array): Float64Array =>
        Float64Array.from(from, (i) => values[i]!);
      const model = await estimator.fit(selectRows(rows.x, kept), pick(rows.y, kept), {
        levels: rows.levels,
        weights: rows.weights && pick(rows.weights, kept),
        key: foldIn(key, 'fit'),
        onProgress: rows.onProgress,
        signal: rows.signal,
      });
      const predictions = model.predict(selectRows(rows.x, held));
      const calibration = calibrateQuantiles({
        predictions,
        y: pick(rows.y, held),
        levels: rows.levels,
        tails,
      });
      const [reason] = calibration.apply(selectRows(predictions, [0])).reasons;
      if (reason !== undefined) throw new RangeError(`${where}: ${held.length} rows are held out: ${reason}`);
      return conformalModel(model, calibration);
    },
  };
}

/** Brings a calibrated model back from its JSON form; `read` brings back the model below. */
export function conformalQuantilesFromJSON(
  json: QuantileModelJSON,
  read: (json: unknown) => QuantileModel,
): QuantileModel {
  const { levels, features } = readModel(json, 'conformal');
  const model = read(json.model);
  const state = json.calibration as CalibratedQuantilesState | null;
  const fits =
    model.features === features &&
    model.levels.length === levels.length &&
    model.levels.every((level, k) => level === levels[k] && level === state?.levels?.[k]) &&
    state?.bands?.length === levels.length >> 1;
  if (!fits) throw new RangeError('quantileModelFromJSON: model and calibration do not fit together');
  return conformalModel(model, restoreCalibratedQuantiles(state));
}

function conformalModel(model: QuantileModel, calibration: CalibratedQuantiles): QuantileModel {
  const { levels, features } = model;
  return {
    method: 'conformal',
    levels,
    features,
    predict(x, asked) {
      const positions = fittedPositions('conformalQuantiles.predict', levels, asked);
      const { quantiles } = calibration.apply(model.predict(x));
      const { data: all, rows } = quantiles;
      const data = new Float64Array(rows * positions.length);
      for (let i = 0, at = 0; i < rows; i++)
        for (const k of positions) data[at++] = all[i * levels.length + k]!;
      return { data, rows, columns: positions.length };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'conformal',
      levels: [...levels],
      features,
      model: model.toJSON(),
      calibration: calibration.state(),
    }),
  };
}
