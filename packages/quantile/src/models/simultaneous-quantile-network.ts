import { add, concat, div, mul, sub, type Tensor, uniform } from '@weightloom/tensor-gpu';
import { toLevels } from '../internal/check-data.js';
import { networkRows } from '../internal/dense-network.js';
import { pinballTensor } from '../internal/pinball-tensor.js';
import {
  type FittedNetwork,
  networkEstimator,
  networkFromJSON,
  networkInput,
  type NetworkOptions,
  networkToJSON,
} from './fit-network.js';
import { readModel } from './model-json.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

/** Levels at which held-out rows are judged. */
const JUDGED = Array.from({ length: 9 }, (_, k) => (k + 1) / 10);

/**
 * A perceptron of the features and the level, `q(x, τ - ½)`, trained at levels drawn uniformly for every row and step (SQR): it
 * answers any level. Predicted rows are sorted.
 *
 * Features and target are standardised with the training rows. `fit` needs a key and answers a promise. The held-out rows are judged
 * at the levels 0.1, 0.2 … 0.9. Sorting looks at the levels asked for: where the network crosses, a level asked for alone may
 * differ from the same among others.
 *
 * @throws {TypeError} when `fit` is given no key
 * @see Tagasovska, Lopez-Paz 2019, "Single-Model Uncertainties for Deep Learning", arXiv:1811.00908
 */
export function simultaneousQuantileNetwork(
  options: NetworkOptions = {},
): QuantileEstimator<Promise<QuantileModel>> {
  return networkEstimator(
    'simultaneousQuantileNetwork',
    options,
    () => ({
      extraInputs: 1,
      outputs: 1,
      loss: ({ x: input, y: target, network: apply, key: draw }) => {
        const lossAt = (tau: Tensor): Tensor =>
          pinballTensor(apply(concat([input, sub(tau, 0.5)], 1)), target, tau);
        if (draw !== undefined) return lossAt(uniform(draw, target.shape));
        const losses = JUDGED.map((level) => lossAt(add(mul(target, 0), level)));
        return div(losses.reduce(add), JUDGED.length);
      },
    }),
    model,
  );
}

/** Brings a simultaneous quantile network back from its JSON form. */
export function simultaneousQuantileNetworkFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'simultaneousQuantileNetwork');
  return model(levels, networkFromJSON(fields, features, 1, 1));
}

function model(levels: Float64Array, network: FittedNetwork): QuantileModel {
  const features = network.x.center.length;
  return {
    method: 'simultaneousQuantileNetwork',
    levels,
    features,
    predict(x, asked) {
      const where = 'simultaneousQuantileNetwork.predict';
      const taus = asked === undefined ? levels : toLevels(where, asked);
      const { data: input, rows } = networkInput(where, network, x);
      const m = taus.length;
      const cells = new Float64Array(rows * m * (features + 1));
      for (let cell = 0; cell < rows * m; cell++) {
        const row = Math.floor(cell / m);
        cells.set(input.subarray(row * features, (row + 1) * features), cell * (features + 1));
        cells[cell * (features + 1) + features] = taus[cell % m]! - 0.5;
      }
      const [center, scale] = [network.y.center[0]!, network.y.scale[0]!];
      const data = networkRows(network.layers, cells, rows * m).map((value) => center + scale * value);
      for (let i = 0; i < rows; i++) data.subarray(i * m, (i + 1) * m).sort();
      return { data, rows, columns: m };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'simultaneousQuantileNetwork',
      levels: [...levels],
      features,
      ...networkToJSON(network),
    }),
  };
}
