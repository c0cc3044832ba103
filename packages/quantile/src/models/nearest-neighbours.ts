import { toLevels } from '../internal/check-data.js';
import type { Matrix } from '../internal/matrix.js';
import { weightedSelect } from '../internal/weighted-select.js';
import { ascendingOrder, weightedQuantile } from '../internal/weighted-quantile.js';
import { readModel } from './model-json.js';
import { checkInteger, toPredictionRows, toTrainingRows } from './model-input.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface NearestNeighboursOptions {
  /** Number of neighbours `k`; default `min(n, ⌈2 √n⌉)`. */
  readonly neighbours?: number;
  /** `uniform` weights or `1 / distance` (a row at distance 0 then takes all); default `uniform`. */
  readonly weighting?: 'uniform' | 'distance';
  /** Divide each feature by its standard deviation first; default true. */
  readonly standardize?: boolean;
}

interface Neighbourhood {
  readonly neighbours: number;
  readonly weighting: 'uniform' | 'distance';
  /** What each feature is multiplied by. */
  readonly scale: Float64Array;
  /** Scaled training rows, `[n, d]`. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
}

/**
 * Conditional quantiles as the (weighted) quantiles of the targets of the `k` nearest rows, Euclidean distance.
 *
 * `q_τ(x) = inf { y : Σ_{i ∈ N(x), y_i ≤ y} w_i ≥ τ Σ_{N(x)} w_i }`. Equal distances at the edge: the earlier row wins. Any level
 * can be asked, and quantiles never cross. Every prediction looks at all training rows: `O(n d)` each.
 *
 * @see Stone 1977, "Consistent nonparametric regression", Annals of Statistics 5
 */
export function nearestNeighbours(options: NearestNeighboursOptions = {}): QuantileEstimator<QuantileModel> {
  const where = 'nearestNeighbours';
  const { weighting = 'uniform', standardize = true } = options;
  if (weighting !== 'uniform' && weighting !== 'distance')
    throw new TypeError(`${where}: weighting is ${String(weighting)}, expected "uniform" or "distance"`);
  return {
    method: 'nearestNeighbours',
    fit(x, y, fitOptions) {
      const rows = toTrainingRows(where, x, y, fitOptions);
      const { rows: n, columns: d } = rows.x;
      const neighbours = options.neighbours ?? Math.min(n, Math.ceil(2 * Math.sqrt(n)));
      checkInteger(where, 'neighbours', neighbours, 1);
      if (neighbours > n)
        throw new RangeError(`${where}: neighbours is ${neighbours}, expected at most the ${n} rows`);
      const scale = standardize ? inverseDeviations(rows.x) : new Float64Array(d).fill(1);
      const scaled = rows.x.data.map((value, at) => value * scale[at % d]!);
      return neighbourhood(rows.levels, d, {
        neighbours,
        weighting,
        scale,
        x: scaled,
        y: rows.y,
        weights: rows.weights,
      });
    },
  };
}

/** Brings a neighbours model back from its JSON form. */
export function nearestNeighboursFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'nearestNeighbours');
  const parts = {
    neighbours: fields.number('neighbours'),
    weighting: json.weighting === 'distance' ? ('distance' as const) : ('uniform' as const),
    scale: fields.numbers('scale'),
    x: fields.numbers('x'),
    y: fields.numbers('y'),
    weights: json.weights === undefined ? undefined : fields.numbers('weights'),
  };
  const n = parts.y.length;
  if (
    parts.x.length !== n * features ||
    parts.scale.length !== features ||
    (parts.weights && parts.weights.length !== n) ||
    !(parts.neighbours >= 1 && parts.neighbours <= n)
  )
    throw new RangeError(
      'quantileModelFromJSON: the rows of the nearestNeighbours model do not fit together',
    );
  return neighbourhood(levels, features, parts);
}

function neighbourhood(levels: Float64Array, features: number, parts: Neighbourhood): QuantileModel {
  return {
    method: 'nearestNeighbours',
    levels,
    features,
    predict(x, asked) {
      const where = 'nearestNeighbours.predict';
      const taus = asked === undefined ? levels : toLevels(where, asked);
      const { data, rows, columns } = toPredictionRows(where, x, features);
      const out = new Float64Array(rows * taus.length);
      for (let i = 0; i < rows; i++) {
        const near = nearest(parts, data.subarray(i * columns, (i + 1) * columns));
        const order = ascendingOrder(near.y);
        taus.forEach(
          (level, k) => (out[i * taus.length + k] = weightedQuantile(near.y, near.weights, order, level)),
        );
      }
      return { data: out, rows, columns: taus.length };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'nearestNeighbours',
      levels: [...levels],
      features,
      neighbours: parts.neighbours,
      weighting: parts.weighting,
      scale: [...parts.scale],
      x: [...parts.x],
      y: [...parts.y],
      ...(parts.weights && { weights: [...parts.weights] }),
    }),
  };
}

/** Targets and weights of the nearest rows. */
function nearest(
  { neighbours, weighting, scale, x, y, weights }: Neighbourhood,
  query: Float64Array,
): { y: Float64Array; weights: Float64Array } {
  const n = y.length;
  const d = scale.length;
  const at = query.map((value, j) => value * scale[j]!);
  const distance = new Float64Array(n);
  for (let i = 0, cell = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (x[cell++]! - at[j]!) ** 2;
    distance[i] = sum;
  }
  const edge = smallest(distance, neighbours);
  let ties = neighbours - distance.reduce((count, value) => count + (value < edge ? 1 : 0), 0);
  const rows: number[] = [];
  for (let i = 0; i < n; i++) if (distance[i]! < edge || (distance[i] === edge && ties-- > 0)) rows.push(i);
  const touching = rows.some((row) => distance[row] === 0);
  const weight = (row: number): number => {
    const own = weights ? weights[row]! : 1;
    if (weighting === 'uniform') return own;
    return touching ? (distance[row] === 0 ? own : 0) : own / Math.sqrt(distance[row]!);
  };
  return { y: Float64Array.from(rows, (row) => y[row]!), weights: Float64Array.from(rows, weight) };
}

/** The `k`-th smallest value. */
function smallest(values: Float64Array, k: number): number {
  const keys = values.slice();
  const ones = new Float64Array(keys.length).fill(1);
  return keys[weightedSelect(keys, ones, new Int32Array(keys.length), keys.length, k)]!;
}

/** `1 / standard deviation` per column; 1 for a constant column. */
function inverseDeviations({ data, rows: n, columns: d }: Matrix): Float64Array {
  return Float64Array.from({ length: d }, (_, j) => {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += data[i * d + j]! / n;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (data[i * d + j]! - mean) ** 2;
    return sum > 0 ? 1 / Math.sqrt(sum / n) : 1;
  });
}
