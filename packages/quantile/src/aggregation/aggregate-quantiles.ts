import type { StateDict } from '@weightloom/nn';
import {
  add,
  expandDims,
  foldIn,
  type Key,
  mean,
  mul,
  type Tensor,
  tensor,
  zeros,
} from '@weightloom/tensor-gpu';
import { checkAtLeast, toLevels, toTarget, toWeights } from '../internal/check-data.js';
import { initNetwork, layersOf, networkTensor } from '../internal/dense-network.js';
import { type MatrixInput, toMatrix } from '../internal/matrix.js';
import { pinballTensor } from '../internal/pinball-tensor.js';
import { standardizationOf, standardize } from '../internal/standardization.js';
import { type BatchLoss, trainNetwork, type TrainingOptions } from '../internal/train-network.js';
import { checkNetworkOptions } from '../models/fit-network.js';
import { combineTensor, initialWeights, type Resolution, weightAxes } from './combine-weights.js';
import { type CrossingMargin, crossingMargins } from './crossing-penalty.js';
import { crossingPenaltyTensor, monotoneTensor } from './differentiable-monotone.js';
import { checkOperator, type MonotoneOperator } from './monotone-operator.js';
import { type ModelStack, readStack } from './model-stack.js';
import { aggregatorOf, type QuantileAggregator } from './quantile-aggregator.js';

/** How the weights are made and trained. */
export interface AggregationSettings extends TrainingOptions {
  /** `global` weights are the same for all rows, `local` ones a network's answer to the features; default `local`. */
  readonly locality?: 'global' | 'local' | undefined;
  /** One weight per model, per model and level, or from every level of every model to every level; default `fine`. */
  readonly resolution?: Resolution | undefined;
  /** Weights above 0 that sum to 1 (softmax), or any numbers; default true. */
  readonly normalize?: boolean | undefined;
  /** `local`: width of every hidden layer (ELU); default `[64, 64]`. */
  readonly hidden?: readonly number[] | undefined;
  /** `local`: share of hidden units dropped while training, in [0, 1); default 0. */
  readonly dropout?: number | undefined;
  /** `a ≥ 0`: half-width, in standard deviations of the target, within which the pinball loss is made quadratic; default 0. */
  readonly smoothing?: number | undefined;
  /** Adds `weight` times the `crossingPenalty` to the loss; margins in units of the target. Default none. */
  readonly crossing?: { readonly weight: number; readonly margin?: CrossingMargin | undefined } | undefined;
  /** What puts predicted rows in order; default `sort`. */
  readonly monotone?: MonotoneOperator | undefined;
  /** Whether the operator is also part of the training loss; default false. */
  readonly monotoneInTraining?: boolean | undefined;
}

export interface AggregateQuantilesOptions extends AggregationSettings {
  /** Predictions of the training rows by models that did not see them (out of fold), `p` matrices `[n, m]`. */
  readonly models: ModelStack;
  /** `[n]` */
  readonly y: ArrayLike<number>;
  /** `[m]`, rising, in (0, 1). */
  readonly levels: ArrayLike<number>;
  /** Features, `[n, d]`; needed for local weights, not allowed for global ones. */
  readonly x?: MatrixInput | undefined;
  /** Row weights, `[n]`, ≥ 0; default 1. */
  readonly weights?: ArrayLike<number> | undefined;
  /** Random key of weights, batches, dropout and held-out rows. */
  readonly key: Key;
}

/**
 * Learns how to weight several models of conditional quantiles, by the pinball loss.
 *
 * Coarse `ĝ_k = Σ_j w_j Z_jk`, medium `ĝ_k = Σ_j w_jk Z_jk`, fine `ĝ_k = Σ_{j,l} w_jlk Z_jl`; the weights are a softmax over the summed
 * indices of free logits (global) or of the output of a perceptron of the features (local). `local` and `fine` with an operator that
 * keeps rows in order is deep quantile aggregation (DQA). The loss is
 * the mean over rows and levels, plus the crossing penalty; the weights kept are those of the step with the least pinball loss
 * on held-out rows.
 *
 * Training starts at the average of the models. Unlike the authors' code, where all fine logits start at 0, a level starts with 0.9 of its
 * weight at the same level of the models; the optimiser is Adam without AMSGrad. Predictions the models made for rows they were
 * trained on cannot be told from honest ones and spoil the weights: use {@link quantileAggregation}, or cross-fit
 * them yourself with {@link crossFitQuantiles}.
 *
 * @throws {TypeError} for a missing key, or features missing or not wanted
 * @throws {RangeError} for no models, different shapes, a constant target, a value that is not finite, settings out of range
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083
 */
export async function aggregateQuantiles(options: AggregateQuantilesOptions): Promise<QuantileAggregator> {
  const where = 'aggregateQuantiles';
  const settings = checkAggregation(where, options);
  const { locality, hidden, dropout, smoothing, crossing, monotone } = settings;
  if (options.key === undefined)
    throw new TypeError(`${where}: key is missing, it draws weights and batches`);
  const levels = toLevels(where, options.levels);
  const stack = readStack(where, options.models, levels.length);
  const [p, m, n] = [stack.length, levels.length, stack[0]!.rows];
  const y = toTarget(where, options.y, n);
  const weights = toWeights(where, options.weights, n);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const x = readFeatures(where, locality, options.x, n);

  const shape = { resolution: settings.resolution, models: p, levels: m, normalize: settings.normalize };
  const unit = standardizationOf({ data: y, rows: n, columns: 1 });
  const [center, scale] = [unit.center[0]!, unit.scale[0]!];
  const features = standardizationOf(x);
  const z = new Float32Array(n * p * m);
  stack.forEach(({ data }, j) =>
    data.forEach((value, at) => {
      z[(Math.floor(at / m) * p + j) * m + (at % m)] = (value - center) / scale;
    }),
  );
  const margins =
    crossing && crossingMargins(levels, crossing.margin ?? { kind: 'none' }).map((delta) => delta / scale);

  const outputs = weightAxes(shape)[0] * weightAxes(shape)[1];
  const depth = locality === 'local' ? hidden.length + 1 : 1;
  const bias = `layers.${depth - 1}.bias`;
  const start = initialWeights(shape);
  const init = (key: Key): StateDict => {
    if (locality === 'global') return { [bias]: tensor(start, [outputs]) };
    const last = `layers.${depth - 1}.weight`;
    const params = initNetwork(foldIn(key, 'network'), [x.columns, ...hidden, outputs]);
    return { ...params, [last]: zeros(params[last]!.shape), [bias]: tensor(start, [outputs]) };
  };
  const combine = (params: StateDict, batch: Readonly<Record<string, Tensor>>, key?: Key): Tensor => {
    const logits =
      locality === 'global'
        ? expandDims(params[bias]!, 0)
        : networkTensor(params, batch.x!, depth, { dropout, key });
    return combineTensor(batch.z!, logits, shape);
  };
  const loss: BatchLoss = (params, batch, key) => {
    const raw = combine(params, batch, key);
    const predictions = settings.monotoneInTraining ? monotoneTensor(raw, monotone) : raw;
    const pinball = mean(mul(pinballTensor(predictions, batch.y!, levels, smoothing), batch.weight!));
    return crossing ? add(pinball, mul(crossingPenaltyTensor(raw, margins), crossing.weight)) : pinball;
  };
  const score: BatchLoss = (params, batch) =>
    mean(
      mul(pinballTensor(monotoneTensor(combine(params, batch), monotone), batch.y!, levels), batch.weight!),
    );

  const trained = await trainNetwork(
    where,
    {
      init,
      rows: n,
      columns: {
        z: { data: z, shape: [p, m] },
        weight: { data: weights.map((weight) => (weight * n) / total), shape: [1] },
        y: { data: Float64Array.from(y, (value) => (value - center) / scale), shape: [1] },
        ...(locality === 'local' && { x: { data: standardize(x, features), shape: [x.columns] } }),
      },
      loss,
      score,
      key: options.key,
    },
    options,
  );
  const layers =
    locality === 'local'
      ? layersOf(trained.weights, depth)
      : [
          {
            inputs: 0,
            outputs,
            weight: new Float64Array(0),
            bias: Float64Array.from(trained.weights[bias]!),
          },
        ];
  return aggregatorOf({
    shape,
    levels,
    layers,
    x: features,
    y: { center, scale },
    monotone,
    steps: trained.steps,
    validationLoss: trained.validationLoss * scale,
  });
}

/** Defaults and checks of what needs no data. */
export function checkAggregation(where: string, options: AggregationSettings) {
  const { locality = 'local', resolution = 'fine', normalize = true, smoothing = 0, crossing } = options;
  if (locality !== 'local' && locality !== 'global')
    throw new RangeError(`${where}: locality is ${JSON.stringify(locality)}, expected "global" or "local"`);
  if (resolution !== 'coarse' && resolution !== 'medium' && resolution !== 'fine')
    throw new RangeError(
      `${where}: resolution is ${JSON.stringify(resolution)}, expected "coarse", "medium" or "fine"`,
    );
  checkAtLeast(where, 'smoothing', smoothing, 0);
  if (crossing) checkAtLeast(where, 'crossing.weight', crossing.weight, 0);
  const monotone = checkOperator(where, options.monotone ?? 'sort');
  const monotoneInTraining = options.monotoneInTraining ?? false;
  const network = checkNetworkOptions(where, options);
  return { locality, resolution, normalize, smoothing, crossing, monotone, monotoneInTraining, ...network };
}

function readFeatures(where: string, locality: 'global' | 'local', x: MatrixInput | undefined, n: number) {
  if (locality === 'global') {
    if (x !== undefined) throw new TypeError(`${where}: x is given, but global weights use no features`);
    return { data: new Float64Array(0), rows: n, columns: 0 };
  }
  if (x === undefined) throw new TypeError(`${where}: x is missing, local weights depend on the features`);
  const matrix = toMatrix(where, 'x', x);
  if (matrix.rows !== n || matrix.columns === 0)
    throw new RangeError(
      `${where}: x is [${matrix.rows}, ${matrix.columns}], expected ${n} rows of at least one feature`,
    );
  return matrix;
}
