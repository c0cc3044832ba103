import { applyOperator, checkOperator, type MonotoneOperator } from './monotone-operator.js';
import { combineRow, type Resolution, toWeights, weightAxes, type WeightShape } from './combine-weights.js';
import { type ModelStack, readStack } from './model-stack.js';
import { toLevels } from '../internal/check-data.js';
import { type DenseLayer, layersFromJSON, layersToJSON, networkRows } from '../internal/dense-network.js';
import { type Matrix, type MatrixInput, toMatrix } from '../internal/matrix.js';
import {
  type Standardization,
  standardizationFromJSON,
  standardizationToJSON,
  standardize,
} from '../internal/standardization.js';
import { fieldsOf } from '../models/model-json.js';

/** Trained weights over several models of conditional quantiles. */
export interface QuantileAggregator {
  readonly levels: Float64Array;
  /** Number of models `p`. */
  readonly models: number;
  /** Number of features the weights look at; 0 when they are global. */
  readonly features: number;
  readonly locality: 'global' | 'local';
  readonly resolution: Resolution;
  /** Training steps behind the weights. */
  readonly steps: number;
  /** Mean pinball loss of the rows held out to choose the step, in units of the target; NaN when there were none. */
  readonly validationLoss: number;
  /**
   * The combined quantiles, `[n, m]`, in order unless `monotone` is `none`.
   *
   * @param models - predictions of the same models in the same order, `p` matrices `[n, m]`
   * @param x - features of the rows, `[n, features]`; needed when the weights are local
   */
  predict(models: ModelStack, x?: MatrixInput): Matrix;
  /**
   * The weights of every row, `[n, sources · targets]` with `[sources, targets]` `[p, 1]` (coarse), `[p, m]` (medium) or `[p·m, m]`
   * (fine), row-major; one row when they are global.
   */
  weights(x?: MatrixInput): Matrix;
  /** Plain data for `JSON.stringify`; {@link quantileAggregatorFromJSON} brings it back. */
  toJSON(): QuantileAggregatorJSON;
}

/** JSON form of a {@link QuantileAggregator}. */
export interface QuantileAggregatorJSON {
  readonly format: 'weightloom-quantile-aggregator';
  readonly version: 1;
  readonly [field: string]: unknown;
}

/** What an aggregator consists of. */
export interface AggregatorParts {
  readonly shape: WeightShape;
  readonly levels: Float64Array;
  /** From standardised features to logits; one layer without inputs when global. */
  readonly layers: readonly DenseLayer[];
  readonly x: Standardization;
  /** Of the target; predictions are combined in its units. */
  readonly y: { readonly center: number; readonly scale: number };
  readonly monotone: MonotoneOperator;
  readonly steps: number;
  readonly validationLoss: number;
}

/** The aggregator of its parts. */
export function aggregatorOf(parts: AggregatorParts): QuantileAggregator {
  const { shape, levels, layers, x: scales, y: unit, monotone, steps, validationLoss } = parts;
  const features = scales.center.length;
  const locality = features === 0 ? 'global' : 'local';
  const m = levels.length;
  const cells = weightAxes(shape)[0] * weightAxes(shape)[1];

  /** Standardised features of `rows` rows; one row of no features when the weights are global. */
  const readFeatures = (where: string, x: MatrixInput | undefined, rows?: number): Matrix => {
    if (locality === 'global') return { data: new Float64Array(0), rows: 1, columns: 0 };
    if (x === undefined) throw new TypeError(`${where}: x is missing, these weights depend on the features`);
    const matrix = toMatrix(where, 'x', x);
    if ((rows !== undefined && matrix.rows !== rows) || matrix.columns !== features)
      throw new RangeError(
        `${where}: x is [${matrix.rows}, ${matrix.columns}], expected [${rows ?? 'n'}, ${features}]`,
      );
    return { ...matrix, data: standardize(matrix, scales) };
  };
  /** The weights of one of these rows. */
  const weightsOf = ({ data, columns }: Matrix, row: number): Float64Array =>
    toWeights(networkRows(layers, data.subarray(row * columns, (row + 1) * columns), 1), shape);

  return {
    levels,
    models: shape.models,
    features,
    locality,
    resolution: shape.resolution,
    steps,
    validationLoss,
    predict(models, x) {
      const where = 'QuantileAggregator.predict';
      const stack = readStack(where, models, m);
      if (stack.length !== shape.models)
        throw new RangeError(`${where}: got ${stack.length} models, expected ${shape.models} as in the fit`);
      const n = stack[0]!.rows;
      const rows = readFeatures(where, x, n);
      const shared = locality === 'global' ? weightsOf(rows, 0) : undefined;
      const out = new Float64Array(n * m);
      const values = new Float64Array(shape.models * m);
      // Row by row: fine weights of all rows at once may not fit into memory.
      for (let i = 0; i < n; i++) {
        stack.forEach(({ data }, j) => {
          for (let k = 0; k < m; k++) values[j * m + k] = (data[i * m + k]! - unit.center) / unit.scale;
        });
        combineRow(values, shared ?? weightsOf(rows, i), shape, out.subarray(i * m, (i + 1) * m));
      }
      const { data } = applyOperator(monotone, { data: out, rows: n, columns: m });
      return { data: data.map((value) => unit.center + unit.scale * value), rows: n, columns: m };
    },
    weights(x) {
      const rows = readFeatures('QuantileAggregator.weights', x);
      const data = new Float64Array(rows.rows * cells);
      for (let i = 0; i < rows.rows; i++) data.set(weightsOf(rows, i), i * cells);
      return { data, rows: rows.rows, columns: cells };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-aggregator',
      version: 1,
      levels: [...levels],
      models: shape.models,
      resolution: shape.resolution,
      normalize: shape.normalize,
      monotone,
      x: standardizationToJSON(scales),
      y: { ...unit },
      layers: layersToJSON(layers),
      steps,
      validationLoss: Number.isNaN(validationLoss) ? null : validationLoss,
    }),
  };
}

/**
 * Brings an aggregator back from its JSON form (parsed, not text); it predicts bit for bit what the original predicts.
 *
 * @throws {TypeError} when it is not such a form, or a field has the wrong kind (named)
 * @throws {RangeError} for parts that do not fit together
 */
export function quantileAggregatorFromJSON(json: unknown): QuantileAggregator {
  const where = 'quantileAggregatorFromJSON';
  const form = json as QuantileAggregatorJSON | null;
  if (form === null || typeof form !== 'object' || form.format !== 'weightloom-quantile-aggregator')
    throw new TypeError(`${where}: expected an object with format "weightloom-quantile-aggregator"`);
  if (form.version !== 1)
    throw new RangeError(`${where}: version is ${String(form.version)}, this release reads version 1`);
  const fields = fieldsOf(form, 'aggregator');
  const levels = toLevels(where, fields.numbers('levels'));
  const resolution = fields.string('resolution') as Resolution;
  if (!['coarse', 'medium', 'fine'].includes(resolution))
    throw new RangeError(`${where}: resolution is "${resolution}", expected coarse, medium or fine`);
  const shape = {
    resolution,
    models: fields.number('models'),
    levels: levels.length,
    normalize: fields.boolean('normalize'),
  };
  const [sources, targets] = weightAxes(shape);
  const features = fields.object('x').numbers('center').length;
  const unit = fields.object('y');
  return aggregatorOf({
    shape,
    levels,
    layers: layersFromJSON(fields.list('layers'), features, sources * targets),
    x: standardizationFromJSON(fields.object('x'), features),
    y: { center: unit.number('center'), scale: unit.number('scale') },
    monotone: checkOperator(where, fields.string('monotone')),
    steps: fields.number('steps'),
    validationLoss: form.validationLoss === null ? NaN : fields.number('validationLoss'),
  });
}
