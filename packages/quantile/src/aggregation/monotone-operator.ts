import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { isotonicQuantiles, softSortQuantiles, sortQuantiles, sweepQuantiles } from './monotone-quantiles.js';

/** What puts the quantiles of a row in order: see `sortQuantiles`, `softSortQuantiles`, `isotonicQuantiles`, `sweepQuantiles`. */
export type MonotoneOperator = 'none' | 'sort' | 'softSort' | 'isotonic' | 'sweep';

const operators: Readonly<Record<MonotoneOperator, (predictions: MatrixInput) => Matrix>> = {
  none: (predictions) => predictions as Matrix,
  sort: sortQuantiles,
  softSort: softSortQuantiles,
  isotonic: isotonicQuantiles,
  sweep: sweepQuantiles,
};

/** @throws {RangeError} for an unknown name */
export function checkOperator(where: string, name: string): MonotoneOperator {
  if (!Object.hasOwn(operators, name))
    throw new RangeError(
      `${where}: monotone is ${JSON.stringify(name)}, expected one of ${Object.keys(operators).join(', ')}`,
    );
  return name as MonotoneOperator;
}

/** Applies an operator of that name to quantile predictions, `[n, m]`. */
export const applyOperator = (name: MonotoneOperator, predictions: Matrix): Matrix =>
  operators[name](predictions);
