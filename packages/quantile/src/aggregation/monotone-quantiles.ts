import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import { poolInto } from './pava.js';

/** Each takes quantile predictions `[n, m]`, one column per rising level, and answers new ones with rows in order. */
type Monotone = (predictions: MatrixInput) => Matrix;

/**
 * Sorts every row. Never raises the pinball loss summed over levels, for any target.
 *
 * @see Chernozhukov, Fernández-Val, Galichon 2010, "Quantile and probability curves without crossing", arXiv:0704.3649
 */
export const sortQuantiles: Monotone = (predictions) =>
  eachRow('sortQuantiles', predictions, (row) => {
    row.sort();
  });

/**
 * Isotonic regression of every row. Never raises the pinball loss summed over levels, for any target.
 *
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083 (section 4)
 */
export const isotonicQuantiles: Monotone = (predictions) =>
  eachRow('isotonicQuantiles', predictions, (row) => {
    poolInto(row);
  });

export interface SoftSortOptions {
  /** Strength `ε > 0` of the smoothing, in units of `1 / target`; default 0.1. Towards 0 the sort is exact. */
  readonly strength?: number | undefined;
}

/**
 * The soft sort of every row: its L2 projection onto the permutahedron of `(1, …, m) / ε`, shifted to keep the row's sum.
 *
 * `r - iso(r - sort(v))` with `r_k = (k - (m+1)/2) / ε`: neighbours at most `1/ε` apart stay as sorted, wider gaps shrink. Sums are kept,
 * rows are in order, and the values are those the authors' code predicts with (regularisation strength 0.1).
 *
 * @see Blondel, Teboul, Berthet, Djolonga 2020, "Fast Differentiable Sorting and Ranking", arXiv:2002.08871
 */
export function softSortQuantiles(
  predictions: MatrixInput,
  { strength = 0.1 }: SoftSortOptions = {},
): Matrix {
  if (!(strength > 0 && strength < Infinity))
    throw new RangeError(`softSortQuantiles: strength is ${strength}, expected a finite number above 0`);
  return eachRow('softSortQuantiles', predictions, (row) => {
    row.sort();
    const ramp = (k: number): number => (k - (row.length - 1) / 2) / strength;
    const rest = row.map((value, k) => ramp(k) - value);
    poolInto(rest);
    rest.forEach((value, k) => (row[k] = ramp(k) - value));
  });
}

export interface SweepOptions {
  /**
   * `median` (default) keeps the middle level and runs a maximum up and a minimum down from it; `up` runs a maximum over
   * the whole row; `average` is the mean of the maximum from the left and the minimum from the right.
   */
  readonly from?: 'median' | 'up' | 'average' | undefined;
}

/**
 * Running maxima and minima along every row: cheap, and exact at the level it starts from; unlike sorting it may raise
 * the loss.
 *
 * @see Fakoor et al. 2023, arXiv:2103.00083 (the min-max sweep of the authors' code)
 */
export function sweepQuantiles(predictions: MatrixInput, options: SweepOptions = {}): Matrix {
  const { from = 'median' } = options;
  if (!(from in SWEEPS))
    throw new RangeError(
      `sweepQuantiles: from is "${from}", expected one of ${Object.keys(SWEEPS).join(', ')}`,
    );
  return eachRow('sweepQuantiles', predictions, SWEEPS[from]);
}

const SWEEPS: Record<'median' | 'up' | 'average', (row: Float64Array) => void> = {
  median(row) {
    const middle = row.length >> 1;
    maximumUp(row, middle);
    minimumDown(row, middle);
  },
  up: (row) => maximumUp(row, 0),
  average(row) {
    const down = row.slice();
    minimumDown(down, row.length - 1);
    maximumUp(row, 0);
    row.forEach((value, k) => (row[k] = (value + down[k]!) / 2));
  },
};

function maximumUp(row: Float64Array, from: number): void {
  for (let k = from + 1; k < row.length; k++) row[k] = Math.max(row[k]!, row[k - 1]!);
}

function minimumDown(row: Float64Array, from: number): void {
  for (let k = from - 1; k >= 0; k--) row[k] = Math.min(row[k]!, row[k + 1]!);
}

/** The rows of quantile predictions `[n, m]` that are not non-decreasing. */
export function crossingRows(predictions: MatrixInput): number[] {
  const { data, rows, columns } = toMatrix('crossingRows', 'predictions', predictions);
  const crosses = (i: number) => {
    for (let k = 1; k < columns; k++) if (data[i * columns + k]! < data[i * columns + k - 1]!) return true;
    return false;
  };
  return Array.from({ length: rows }, (_, i) => i).filter(crosses);
}

/**
 * Pulls a gradient back through {@link sortQuantiles}: each entry goes to the place its value came from.
 *
 * @param predictions - where the sort was taken, `[n, m]`
 * @param gradient - by the sorted values, `[n, m]`
 * @returns by the predictions, `[n, m]`; equal values keep their order
 */
export function sortQuantilesVjp(predictions: MatrixInput, gradient: MatrixInput): Matrix {
  const where = 'sortQuantilesVjp';
  const { data, rows, columns } = toMatrix(where, 'predictions', predictions);
  const u = toMatrix(where, 'gradient', gradient);
  if (u.rows !== rows || u.columns !== columns)
    throw new RangeError(`${where}: gradient is [${u.rows}, ${u.columns}], expected [${rows}, ${columns}]`);
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    const order = Array.from({ length: columns }, (_, k) => i * columns + k).sort(
      (a, b) => data[a]! - data[b]! || a - b,
    );
    order.forEach((place, k) => (out[place] = u.data[i * columns + k]!));
  }
  return { data: out, rows, columns };
}

function eachRow(where: string, predictions: MatrixInput, change: (row: Float64Array) => void): Matrix {
  const out = toMatrix(where, 'predictions', predictions);
  for (let i = 0; i < out.rows; i++) change(out.data.subarray(i * out.columns, (i + 1) * out.columns));
  return out;
}
