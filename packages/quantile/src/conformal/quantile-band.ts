import { toLevels } from '../internal/check-data.js';
import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import { checkAlpha, trim } from './conformal-quantile.js';

/**
 * The band of a grid of quantile predictions that belongs to a miscoverage: the columns of `α/2` and `1 - α/2`, ready for
 * `cqr`.
 *
 * @param options.predictions - `[n, m]`
 * @param options.levels - `[m]`, rising, in (0, 1)
 * @throws {RangeError} when one of the two levels is not in the grid: nothing is interpolated
 */
export function quantileBand(options: {
  readonly predictions: MatrixInput;
  readonly levels: ArrayLike<number>;
  readonly alpha: number;
}): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const where = 'quantileBand';
  checkAlpha(where, options.alpha);
  const levels = toLevels(where, options.levels);
  const { data, rows, columns } = toMatrix(where, 'predictions', options.predictions);
  if (rows > 0 && columns !== levels.length)
    throw new RangeError(
      `${where}: predictions has ${columns} columns, expected one per level (${levels.length})`,
    );
  const columnAt = (level: number) => {
    const k = levels.findIndex((known) => Math.abs(known - level) < 1e-9);
    if (k < 0)
      throw new RangeError(
        `${where}: alpha ${options.alpha} needs level ${trim(level)}, which is not among ${levels.join(', ')}`,
      );
    return Float64Array.from({ length: rows }, (_, i) => data[i * columns + k]!);
  };
  return { lower: columnAt(options.alpha / 2), upper: columnAt(1 - options.alpha / 2) };
}
