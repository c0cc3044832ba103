import type { Key } from '@weightloom/tensor-gpu';
import type { LongWork } from '../internal/long-work.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';

/** What a fit is given beside the rows. Networks, trees and aggregations tell their progress; a signal stops them. */
export interface QuantileFitOptions extends LongWork {
  /** Levels to fit, strictly rising, inside (0, 1). */
  readonly levels: ArrayLike<number>;
  /** Row weights, `[n]`, ≥ 0; default 1. */
  readonly weights?: ArrayLike<number> | undefined;
  /** Random key, for the methods that draw. */
  readonly key?: Key | undefined;
}

/** A fitted model of conditional quantiles. */
export interface QuantileModel {
  /** Which method made it: the `method` of its JSON form. */
  readonly method: string;
  /** The levels it was fitted at. */
  readonly levels: Float64Array;
  /** Number of features. */
  readonly features: number;
  /**
   * Predicted quantiles, `[n, m]`.
   *
   * @param x - `[n, features]`
   * @param levels - default those of the fit; forests and neighbours answer any level, the others only fitted ones
   */
  predict(x: MatrixInput, levels?: ArrayLike<number>): Matrix;
  /** Plain data for `JSON.stringify`; {@link quantileModelFromJSON} brings it back. */
  toJSON(): QuantileModelJSON;
}

/** JSON form of a model; the fields beside these belong to the method. */
export interface QuantileModelJSON {
  readonly format: 'weightloom-quantile-model';
  readonly version: 1;
  readonly method: string;
  readonly levels: readonly number[];
  readonly features: number;
  readonly [field: string]: unknown;
}

/** A method with its settings: fits models. Methods that train on a device answer a promise. */
export interface QuantileEstimator<
  Fitted extends QuantileModel | Promise<QuantileModel> = QuantileModel | Promise<QuantileModel>,
> {
  readonly method: string;
  /**
   * @param x - features, `[n, d]`
   * @param y - target, `[n]`
   * @throws {RangeError} for bad levels, a cell that is not finite, a constant target, too few rows
   */
  fit(x: MatrixInput, y: ArrayLike<number>, options: QuantileFitOptions): Fitted;
}
