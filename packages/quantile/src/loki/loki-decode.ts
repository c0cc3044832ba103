import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';
import { readDistances, readObserved } from './label-metric.js';

export interface LokiOptions {
  /** Metric over all `N` labels, `[N, N]`. */
  readonly distances: MatrixInput;
  /** The label of each column of the probabilities, `[K]`; default all labels in order. */
  readonly observed?: ArrayLike<number> | undefined;
  /** Equal scores: the `smallest` label (default), or an `observed` label before others. */
  readonly ties?: 'smallest' | 'observed' | undefined;
}

export interface LokiDecodeOptions extends LokiOptions {
  /** `P(λ_k | x_i)`, `[n, K]`, rows sum to 1. */
  readonly probabilities: MatrixInput;
}

/**
 * Loki: predicts the Fréchet mean of a classifier's distribution under a metric on labels, which may be a label the
 * classifier never saw.
 *
 * `ŷ_i = argmin_{y ∈ Y} Σ_k P_ik d(λ_k, y)²`
 *
 * With all labels observed and the 0/1 metric this is argmax. Probabilities that are too sharp pull the answer to the
 * observed labels: see {@link softmaxRows} for a temperature. Cost `n·K·N`.
 *
 * @returns a label per row, `[n]`
 * @throws {RangeError} for distances that are no metric table (not square, symmetric, zero on the diagonal, or negative),
 *   an observed label outside it, a row that does not sum to 1 within 1e-4
 * @see Roberts, Li, Adila, Cromp, Huang, Zhao, Sala 2023, "Geometry-aware adaptation for pretrained models",
 *   arXiv:2307.12226 (some of the authors' scripts use raw scores in place of probabilities; this does not)
 */
export function lokiDecode(options: LokiDecodeOptions): Int32Array {
  const where = 'lokiDecode';
  const { squares, labels, observed } = squaredDistances(where, options);
  const p = readProbabilities(where, options.probabilities, observed.length);
  const out = new Int32Array(p.rows);
  const preferred = new Set(options.ties === 'observed' ? observed : []);
  const scores = new Float64Array(labels);
  for (let i = 0; i < p.rows; i++) {
    scores.fill(0);
    for (let k = 0; k < observed.length; k++) {
      const weight = p.data[i * p.columns + k]!;
      if (weight === 0) continue;
      for (let y = 0; y < labels; y++) scores[y]! += weight * squares[k * labels + y]!;
    }
    out[i] = smallest(scores, preferred);
  }
  return out;
}

/**
 * `softmax(logits / T)` of every row.
 *
 * @param logits - `[n, K]`
 * @param temperature - `T > 0`; above 1 flattens, default 1
 */
export function softmaxRows(logits: MatrixInput, temperature = 1): Matrix {
  const where = 'softmaxRows';
  if (!(temperature > 0 && temperature < Infinity))
    throw new RangeError(`${where}: temperature is ${temperature}, expected a finite number above 0`);
  const out = toMatrix(where, 'logits', logits);
  for (let i = 0; i < out.rows; i++) {
    const row = out.data.subarray(i * out.columns, (i + 1) * out.columns);
    const top = row.reduce((most, value) => Math.max(most, value), -Infinity);
    row.forEach((value, k) => (row[k] = Math.exp((value - top) / temperature)));
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, k) => (row[k] = value / sum));
  }
  return out;
}

/**
 * Mean distance between predicted and true labels.
 *
 * @param options.predictions - labels, `[n]`
 * @param options.truth - labels, `[n]`
 */
export function meanLabelDistance(options: {
  readonly predictions: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
  readonly distances: MatrixInput;
}): number {
  const where = 'meanLabelDistance';
  const { data, rows } = readDistances(where, options.distances);
  const guess = toVector(where, 'predictions', options.predictions);
  const truth = toVector(where, 'truth', options.truth, guess.length);
  if (guess.length === 0) throw new RangeError(`${where}: predictions is empty, expected at least one`);
  const check = (name: string, label: number, i: number) => {
    if (!(Number.isInteger(label) && label >= 0 && label < rows))
      throw new RangeError(
        `${where}: ${name}[${i}] is ${label}, which the metric over ${rows} labels does not hold`,
      );
  };
  let sum = 0;
  guess.forEach((label, i) => {
    check('predictions', label, i);
    check('truth', truth[i]!, i);
    sum += data[label * rows + truth[i]!]!;
  });
  return sum / guess.length;
}

/** Temperatures tried when none are given. */
const TEMPERATURES = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/**
 * The temperature whose {@link lokiDecode} has the smallest mean squared distance to the truth on validation rows.
 *
 * @param options.logits - `[n, K]`
 * @param options.truth - true labels, `[n]`; may be labels that are not observed
 * @param options.temperatures - default 0.25 to 8; the first of equals wins
 */
export function tuneTemperature(
  options: LokiOptions & {
    readonly logits: MatrixInput;
    readonly truth: ArrayLike<number>;
    readonly temperatures?: ArrayLike<number> | undefined;
  },
): { readonly temperature: number; readonly losses: Float64Array } {
  const where = 'tuneTemperature';
  const temperatures = toVector(where, 'temperatures', options.temperatures ?? TEMPERATURES);
  if (temperatures.length === 0)
    throw new RangeError(`${where}: temperatures is empty, expected at least one`);
  const { data, rows } = readDistances(where, options.distances);
  const squares = { data: data.map((value) => value * value), rows, columns: rows };
  const losses = temperatures.map((temperature) =>
    meanLabelDistance({
      predictions: lokiDecode({ ...options, probabilities: softmaxRows(options.logits, temperature) }),
      truth: options.truth,
      distances: squares,
    }),
  );
  const best = losses.indexOf(losses.reduce((least, loss) => Math.min(least, loss)));
  return { temperature: temperatures[best]!, losses };
}

function squaredDistances(where: string, { distances, observed, ties = 'smallest' }: LokiOptions) {
  if (ties !== 'smallest' && ties !== 'observed')
    throw new RangeError(`${where}: ties is "${String(ties)}", expected "smallest" or "observed"`);
  const { data, rows: labels } = readDistances(where, distances);
  const seen = observed ? readObserved(where, observed, labels) : Array.from({ length: labels }, (_, y) => y);
  const squares = new Float64Array(seen.length * labels);
  seen.forEach((label, k) => {
    for (let y = 0; y < labels; y++) squares[k * labels + y] = data[label * labels + y]! ** 2;
  });
  return { squares, labels, observed: seen };
}

function readProbabilities(where: string, probabilities: MatrixInput, columns: number): Matrix {
  const p = toMatrix(where, 'probabilities', probabilities);
  if (p.rows > 0 && p.columns !== columns)
    throw new RangeError(
      `${where}: probabilities has ${p.columns} columns, expected one per observed label (${columns})`,
    );
  for (let i = 0; i < p.rows; i++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      const value = p.data[i * columns + k]!;
      if (value < 0)
        throw new RangeError(`${where}: probabilities[${i}][${k}] is ${value}, expected at least 0`);
      sum += value;
    }
    if (Math.abs(sum - 1) > 1e-4)
      throw new RangeError(
        `${where}: probabilities[${i}] sums to ${sum}, expected 1; give logits to softmaxRows first`,
      );
  }
  return p;
}

/** The label with the smallest score, preferred ones first on a tie. */
function smallest(scores: Float64Array, preferred: ReadonlySet<number>): number {
  let best = 0;
  for (let y = 1; y < scores.length; y++) {
    if (scores[y]! > scores[best]!) continue;
    if (scores[y]! < scores[best]! || (preferred.has(y) && !preferred.has(best))) best = y;
  }
  return best;
}
