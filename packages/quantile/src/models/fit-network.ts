import type { StateDict } from '@weightloom/nn';
import { type Key, mean, mul, type Tensor } from '@weightloom/tensor-gpu';
import {
  type DenseLayer,
  initNetwork,
  layersFromJSON,
  layersOf,
  layersToJSON,
  networkTensor,
} from '../internal/dense-network.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import {
  type Standardization,
  standardizationFromJSON,
  standardizationOf,
  standardizationToJSON,
  standardize,
} from '../internal/standardization.js';
import { trainNetwork, type TrainingOptions } from '../internal/train-network.js';
import { checkInteger, toPredictionRows, toTrainingRows, type TrainingRows } from './model-input.js';
import type { Fields } from './model-json.js';
import type { QuantileEstimator, QuantileModel } from './quantile-model.js';

export interface NetworkOptions extends TrainingOptions {
  /** Width of every hidden layer (ELU); default `[64, 64]`. */
  readonly hidden?: readonly number[] | undefined;
  /** Share of hidden units dropped while training, in [0, 1); default 0. */
  readonly dropout?: number | undefined;
}

/** A trained network between standardised features and the standardised target. */
export interface FittedNetwork {
  readonly layers: readonly DenseLayer[];
  readonly x: Standardization;
  readonly y: Standardization;
}

/** Everything a loss of one batch is made of. */
export interface NetworkBatch {
  /** Standardised features, `[b, d]` */
  readonly x: Tensor;
  /** Standardised target, `[b, 1]` */
  readonly y: Tensor;
  /** The network on `[b, inputs]`, `[b, outputs]`; it drops units when the loss was given a key. */
  readonly network: (input: Tensor) => Tensor;
  readonly key: Key | undefined;
}

export interface NetworkTask {
  /** Inputs beside the features; default 0. */
  readonly extraInputs?: number;
  readonly outputs: number;
  /** Loss of every row, `[b, 1]`. */
  readonly loss: (batch: NetworkBatch) => Tensor;
}

/** Checks the settings that need no data. */
export function checkNetworkOptions(
  where: string,
  { hidden = [64, 64], dropout = 0 }: NetworkOptions,
): { hidden: readonly number[]; dropout: number } {
  hidden.forEach((width, i) => checkInteger(where, `hidden[${i}]`, width, 1));
  if (!(dropout >= 0 && dropout < 1))
    throw new RangeError(`${where}: dropout is ${dropout}, expected a share of at least 0 and below 1`);
  return { hidden, dropout };
}

/** An estimator that trains a network: what the three network methods share. */
export function networkEstimator(
  where: string,
  options: NetworkOptions,
  task: (rows: TrainingRows) => NetworkTask,
  model: (levels: Float64Array, network: FittedNetwork) => QuantileModel,
): QuantileEstimator<Promise<QuantileModel>> {
  checkNetworkOptions(where, options);
  return {
    method: where,
    async fit(x, y, fitOptions) {
      const key = requireKey(where, fitOptions.key);
      const rows = toTrainingRows(where, x, y, fitOptions);
      return model(rows.levels, await fitNetwork(where, rows, key, task(rows), options));
    },
  };
}

/** @throws {TypeError} without a key */
export function requireKey(where: string, key: Key | undefined): Key {
  if (key === undefined)
    throw new TypeError(`${where}: fit needs a key, as weights and batches are drawn at random`);
  return key;
}

/** Standardises the rows and trains a perceptron by the weighted mean of the loss over rows. */
async function fitNetwork(
  where: string,
  { x, y, weights, onProgress, signal }: TrainingRows,
  key: Key,
  task: NetworkTask,
  options: NetworkOptions,
): Promise<FittedNetwork> {
  const { hidden, dropout } = checkNetworkOptions(where, options);
  const n = x.rows;
  const target = { data: y, rows: n, columns: 1 };
  const scales = { x: standardizationOf(x), y: standardizationOf(target) };
  const sizes = [x.columns + (task.extraInputs ?? 0), ...hidden, task.outputs];
  const depth = sizes.length - 1;
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? n;
  const loss = (params: StateDict, batch: Readonly<Record<string, Tensor>>, drawKey?: Key): Tensor => {
    const network = (input: Tensor): Tensor => networkTensor(params, input, depth, { dropout, key: drawKey });
    return mean(mul(task.loss({ x: batch.x!, y: batch.y!, network, key: drawKey }), batch.weight!));
  };
  const trained = await trainNetwork(
    where,
    {
      init: (initKey) => initNetwork(initKey, sizes),
      rows: n,
      columns: {
        x: { data: standardize(x, scales.x), shape: [x.columns] },
        y: { data: standardize(target, scales.y), shape: [1] },
        weight: {
          data: weights?.map((weight) => (weight * n) / total) ?? new Float64Array(n).fill(1),
          shape: [1],
        },
      },
      loss,
      key,
    },
    { ...options, onProgress: onProgress ?? options.onProgress, signal: signal ?? options.signal },
  );
  return { layers: layersOf(trained.weights, depth), ...scales };
}

/** Checks and standardises rows to predict. */
export function networkInput(where: string, network: FittedNetwork, x: MatrixInput): Matrix {
  const columns = network.x.center.length;
  const rows = toPredictionRows(where, x, columns);
  return { data: standardize(rows, network.x), rows: rows.rows, columns };
}

export const networkToJSON = ({ layers, x, y }: FittedNetwork) => ({
  layers: layersToJSON(layers),
  x: standardizationToJSON(x),
  y: standardizationToJSON(y),
});

export const networkFromJSON = (
  fields: Fields,
  features: number,
  outputs: number,
  extraInputs = 0,
): FittedNetwork => ({
  layers: layersFromJSON(fields.list('layers'), features + extraInputs, outputs),
  x: standardizationFromJSON(fields.object('x'), features),
  y: standardizationFromJSON(fields.object('y'), 1),
});
