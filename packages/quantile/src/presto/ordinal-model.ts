import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import type { Design, ClassLabel } from './ordinal-data.js';

/**
 * A cumulative-logit model, ready for JSON: `P(y ≤ class k | x) = sigmoid(a_k + x · b_k)`, `k = 0 … K - 2`.
 */
export interface OrdinalModel {
  /** The `K` classes from lowest to highest. */
  readonly classes: readonly ClassLabel[];
  /** `a_k`, `[K - 1]`. */
  readonly intercepts: readonly number[];
  /** `b_k`, `[K - 1, d]`, in the unit of the features. */
  readonly slopes: readonly (readonly number[])[];
}

export interface OrdinalPrediction {
  /** `P(y = class k | x)`, `[n, K]`, rows sum to 1. */
  readonly probabilities: Matrix;
  /** Rows where cumulative curves cross, so that a probability came out negative and was clipped to 0. */
  readonly crossed: readonly number[];
}

/**
 * Class probabilities of a cumulative-logit model.
 *
 * Where curves of different slopes cross, negative probabilities are set to 0 and the row is divided by its sum; those
 * rows are listed in `crossed`.
 *
 * @param x - `[n, d]`
 * @param options.strict - throw on a crossing row instead (the reference code does); default false
 * @throws {RangeError} for another number of columns, a non-finite cell, or a crossing row in strict mode
 */
export function predictOrdinal(
  model: OrdinalModel,
  x: MatrixInput,
  options: { readonly strict?: boolean | undefined } = {},
): OrdinalPrediction {
  const where = 'predictOrdinal';
  const { data, rows, columns } = toMatrix(where, 'x', x);
  const { intercepts, slopes } = model;
  const cuts = intercepts.length;
  if (rows > 0 && columns !== slopes[0]!.length)
    throw new RangeError(`${where}: x has ${columns} columns, expected ${slopes[0]!.length} as in training`);
  const out = new Float64Array(rows * (cuts + 1));
  const crossed: number[] = [];
  const eta = new Float64Array(cuts);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cuts; k++) {
      let value = intercepts[k]!;
      for (let j = 0; j < columns; j++) value += data[i * columns + j]! * slopes[k]![j]!;
      eta[k] = value;
    }
    const row = out.subarray(i * (cuts + 1), (i + 1) * (cuts + 1));
    for (let k = 0; k <= cuts; k++) row[k] = classProbability(eta, k);
    if (row.every((p) => p >= 0)) continue;
    if (options.strict)
      throw new RangeError(
        `${where}: the cumulative curves cross at x[${i}], so a class probability is negative: ${row.join(', ')}`,
      );
    crossed.push(i);
    const sum = row.reduce((total, p) => total + Math.max(0, p), 0);
    row.forEach((p, k) => (row[k] = Math.max(0, p) / sum));
  }
  return { probabilities: { data: out, rows, columns: cuts + 1 }, crossed };
}

/** `sigmoid(η_k) - sigmoid(η_{k-1})` without cancellation; negative where the curves cross. */
export function classProbability(eta: ArrayLike<number>, k: number): number {
  const last = eta.length;
  if (k === 0) return sigmoid(eta[0]!);
  if (k === last) return sigmoid(-eta[last - 1]!);
  // sigmoid(u) - sigmoid(l) = sigmoid(u) sigmoid(-l) (1 - e^{l - u}); the ends swap when they cross, to avoid overflow.
  const [l, u] = [eta[k - 1]!, eta[k]!];
  return u >= l
    ? -sigmoid(u) * sigmoid(-l) * Math.expm1(l - u)
    : sigmoid(l) * sigmoid(-u) * Math.expm1(u - l);
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** A model in the unit of the features from coefficients of the standardised ones: `b / scale`, `a - Σ b·mean/scale`. */
export function modelFrom(
  design: Design,
  intercepts: ArrayLike<number>,
  slopes: readonly Float64Array[],
): OrdinalModel {
  const { means, scales, classes } = design;
  const scaled = slopes.map((b) => Array.from(b, (value, j) => value / scales[j]!));
  return {
    classes,
    slopes: scaled,
    intercepts: scaled.map((b, k) => b.reduce((a, value, j) => a - value * means[j]!, intercepts[k]!)),
  };
}
