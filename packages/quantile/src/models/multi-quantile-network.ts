import {
  add,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  softplus,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';
import { type CrossingMargin, crossingMargins } from '../aggregation/crossing-penalty.js';
import { crossingPenaltyTensor } from '../aggregation/differentiable-monotone.js';
import { applyOperator, checkOperator, type MonotoneOperator } from '../aggregation/monotone-operator.js';
import { checkAtLeast } from '../internal/check-data.js';
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
import { fittedPositions, pickLevels } from './model-input.js';
import { readModel } from './model-json.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface MultiQuantileNetworkOptions extends NetworkOptions {
  /**
   * `increments`: the network answers the middle quantile and positive steps (softplus) up and down from it, in order by construction; else
   * the operator that orders predictions; default `sort`.
   */
  readonly monotone?: MonotoneOperator | 'increments' | undefined;
  /** Adds `weight` times the `crossingPenalty` of the predictions to the loss; margins in units of the target. Default none. */
  readonly crossing?: { readonly weight: number; readonly margin?: CrossingMargin } | undefined;
}

/**
 * A perceptron with one output per level, trained by the mean pinball loss over levels (MQR).
 *
 * Features and target are standardised with the training rows. `fit` needs a key and answers a promise; the same key gives
 * the same model on one backend. Predictions are computed on the host.
 *
 * @throws {TypeError} when `fit` is given no key
 */
export function multiQuantileNetwork(
  options: MultiQuantileNetworkOptions = {},
): QuantileEstimator<Promise<QuantileModel>> {
  const where = 'multiQuantileNetwork';
  const { monotone = 'sort', crossing } = options;
  if (monotone !== 'increments') checkOperator(where, monotone);
  if (crossing) checkAtLeast(where, 'crossing.weight', crossing.weight, 0);
  return networkEstimator(
    where,
    options,
    (rows) => {
      const m = rows.levels.length;
      const deviation = Math.sqrt(varianceOf(rows.y));
      const margins =
        crossing &&
        crossingMargins(rows.levels, crossing.margin ?? { kind: 'none' }).map((delta) => delta / deviation);
      return {
        outputs: m,
        loss: ({ x: input, y: target, network: apply }) => {
          const raw = apply(input);
          const predictions = monotone === 'increments' ? climb(raw) : raw;
          const loss = mean(pinballTensor(predictions, target, rows.levels), { axis: 1, keepDims: true });
          if (!crossing) return loss;
          return add(loss, mul(crossingPenaltyTensor(predictions, margins), crossing.weight));
        },
      };
    },
    (levels, network) => model(levels, network, monotone),
  );
}

/** Brings a multi-quantile network back from its JSON form. */
export function multiQuantileNetworkFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'multiQuantileNetwork');
  const monotone = fields.string('monotone');
  return model(
    levels,
    networkFromJSON(fields, features, levels.length),
    monotone === 'increments' ? monotone : checkOperator('quantileModelFromJSON', monotone),
  );
}

function model(
  levels: Float64Array,
  network: FittedNetwork,
  monotone: MonotoneOperator | 'increments',
): QuantileModel {
  const features = network.x.center.length;
  return {
    method: 'multiQuantileNetwork',
    levels,
    features,
    predict(x, asked) {
      const where = 'multiQuantileNetwork.predict';
      const positions = fittedPositions(where, levels, asked);
      const { data: input, rows } = networkInput(where, network, x);
      const m = levels.length;
      const raw = networkRows(network.layers, input, rows);
      if (monotone === 'increments')
        for (let i = 0; i < rows; i++) climbRow(raw.subarray(i * m, (i + 1) * m));
      const block = { data: raw, rows, columns: m };
      const all = monotone === 'increments' ? block : applyOperator(monotone, block);
      const [center, scale] = [network.y.center[0]!, network.y.scale[0]!];
      const picked = pickLevels(all, positions);
      return { ...picked, data: picked.data.map((value) => center + scale * value) };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'multiQuantileNetwork',
      levels: [...levels],
      features,
      monotone,
      ...networkToJSON(network),
    }),
  };
}

/** The middle output, plus softplus of the outputs between it and each level upwards, minus them downwards. */
function climb(raw: Tensor): Tensor {
  const [b, m] = raw.shape as [number, number];
  const middle = m >> 1;
  const signs = new Float32Array(m * m);
  for (let j = 0; j < m; j++)
    for (let k = 0; k < m; k++)
      if (j > middle && k >= j) signs[j * m + k] = 1;
      else if (j < middle && k <= j) signs[j * m + k] = -1;
  const center = reshape(slice(raw, [0, middle], [b, middle + 1]), [b, 1]);
  return add(center, matmul(softplus(raw), tensor(signs, [m, m])));
}

function climbRow(row: Float64Array): void {
  const middle = row.length >> 1;
  const step = (value: number): number => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
  for (let k = middle + 1; k < row.length; k++) row[k] = row[k - 1]! + step(row[k]!);
  for (let k = middle - 1; k >= 0; k--) row[k] = row[k + 1]! - step(row[k]!);
}

function varianceOf(y: Float64Array): number {
  const center = y.reduce((sum, value) => sum + value, 0) / y.length;
  return y.reduce((sum, value) => sum + (value - center) ** 2, 0) / y.length;
}
