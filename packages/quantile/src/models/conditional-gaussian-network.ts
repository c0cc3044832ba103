import { add, div, log, mul, slice, softplus, square, sub } from '@weightloom/tensor-gpu';
import { toLevels } from '../internal/check-data.js';
import { networkRows } from '../internal/dense-network.js';
import { normalQuantile } from '../internal/normal.js';
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

/** Added to the variance of the standardised target. */
const FLOOR = 1e-6;

/**
 * A perceptron that answers mean and variance of a Gaussian, trained by its negative log likelihood (CGN):
 * `q_τ(x) = μ(x) + σ(x) Φ⁻¹(τ)` with `σ² = softplus(s(x)) + 1e-6`. Any level can be asked, and quantiles never cross.
 *
 * Features and target are standardised with the training rows. `fit` needs a key and answers a promise.
 *
 * @throws {TypeError} when `fit` is given no key
 * @see Nix, Weigend 1994, "Estimating the mean and variance of the target probability distribution"
 */
export function conditionalGaussianNetwork(
  options: NetworkOptions = {},
): QuantileEstimator<Promise<QuantileModel>> {
  return networkEstimator(
    'conditionalGaussianNetwork',
    options,
    () => ({
      outputs: 2,
      loss: ({ x: input, y: target, network: apply }) => {
        const out = apply(input);
        const b = out.shape[0]!;
        const variance = add(softplus(slice(out, [0, 1], [b, 2])), FLOOR);
        const error = sub(target, slice(out, [0, 0], [b, 1]));
        return mul(add(log(variance), div(square(error), variance)), 0.5);
      },
    }),
    model,
  );
}

/** Brings a conditional Gaussian network back from its JSON form. */
export function conditionalGaussianNetworkFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'conditionalGaussianNetwork');
  return model(levels, networkFromJSON(fields, features, 2));
}

function model(levels: Float64Array, network: FittedNetwork): QuantileModel {
  const features = network.x.center.length;
  return {
    method: 'conditionalGaussianNetwork',
    levels,
    features,
    predict(x, asked) {
      const where = 'conditionalGaussianNetwork.predict';
      const scores = Float64Array.from(asked === undefined ? levels : toLevels(where, asked), normalQuantile);
      const { data: input, rows } = networkInput(where, network, x);
      const out = networkRows(network.layers, input, rows);
      const [center, scale] = [network.y.center[0]!, network.y.scale[0]!];
      const m = scores.length;
      const data = new Float64Array(rows * m);
      for (let i = 0; i < rows; i++) {
        const raw = out[2 * i + 1]!;
        const deviation = Math.sqrt(Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw))) + FLOOR);
        scores.forEach((z, k) => (data[i * m + k] = center + scale * (out[2 * i]! + deviation * z)));
      }
      return { data, rows, columns: m };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'conditionalGaussianNetwork',
      levels: [...levels],
      features,
      ...networkToJSON(network),
    }),
  };
}
