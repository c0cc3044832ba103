import { toLevels, toTarget, toWeights } from '../internal/check-data.js';
import type { LongWork } from '../internal/long-work.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { selectRows, toMatrix } from '../internal/matrix.js';
import type { QuantileFitOptions } from './quantile-model.js';

/** Checked training data; rows of weight 0 are left out. Carries whom to tell of the progress of the fit. */
export interface TrainingRows extends LongWork {
  readonly x: Matrix;
  readonly y: Float64Array;
  /** Undefined when all weights are 1. */
  readonly weights: Float64Array | undefined;
  readonly levels: Float64Array;
}

/** Checks what every `fit` is given. */
export function toTrainingRows(
  where: string,
  x: MatrixInput,
  y: ArrayLike<number>,
  options: QuantileFitOptions,
): TrainingRows {
  const levels = toLevels(where, options.levels);
  const matrix = toMatrix(where, 'x', x);
  if (matrix.columns === 0) throw new RangeError(`${where}: x has no columns, expected at least one feature`);
  const weights = toWeights(where, options.weights, matrix.rows);
  const kept = [...weights.keys()].filter((i) => weights[i]! > 0);
  const all = kept.length === matrix.rows;
  const whole = toTarget(where, y, matrix.rows);
  const target = all
    ? whole
    : toTarget(
        where,
        Float64Array.from(kept, (row) => whole[row]!),
        kept.length,
      );
  const unit = kept.every((row) => weights[row] === 1);
  return {
    x: all ? matrix : selectRows(matrix, kept),
    y: target,
    weights: unit ? undefined : Float64Array.from(kept, (row) => weights[row]!),
    levels,
    onProgress: options.onProgress,
    signal: options.signal,
  };
}

/** Checks the rows a model shall predict. */
export function toPredictionRows(where: string, x: MatrixInput, features: number): Matrix {
  const matrix = toMatrix(where, 'x', x);
  if (matrix.rows > 0 && matrix.columns !== features)
    throw new RangeError(`${where}: x has ${matrix.columns} columns, expected ${features} as in the fit`);
  return matrix;
}

/**
 * Positions of the asked levels among the fitted ones.
 *
 * @throws {RangeError} for a level that was not fitted
 */
export function fittedPositions(
  where: string,
  fitted: Float64Array,
  levels: ArrayLike<number> | undefined,
): number[] {
  if (levels === undefined) return [...fitted.keys()];
  return Array.from(toLevels(where, levels), (level) => {
    const at = fitted.findIndex((value) => Math.abs(value - level) <= 1e-12);
    if (at < 0)
      throw new RangeError(
        `${where}: level ${level} was not fitted; this model knows ${[...fitted].join(', ')}`,
      );
    return at;
  });
}

/** Some columns of `[n, m]` predictions, in the order asked. */
export function pickLevels({ data, rows, columns }: Matrix, positions: readonly number[]): Matrix {
  const out = new Float64Array(rows * positions.length);
  for (let i = 0, at = 0; i < rows; i++) for (const k of positions) out[at++] = data[i * columns + k]!;
  return { data: out, rows, columns: positions.length };
}

/** @throws {RangeError} unless `value` is an integer of at least `low` */
export function checkInteger(where: string, name: string, value: number, low: number): void {
  if (!(Number.isInteger(value) && value >= low))
    throw new RangeError(`${where}: ${name} is ${value}, expected an integer of at least ${low}`);
}
