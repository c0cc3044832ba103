import { toLevels } from '../internal/check-data.js';
import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import type { Matrix } from '../internal/matrix.js';
import type { BandOptions, BandState } from './band-calibration.js';
import { trim } from './conformal-quantile.js';
import type { Cqr } from './cqr.js';
import { cqr, restoreCqr } from './cqr.js';

export interface CalibrateQuantilesOptions {
  /** Quantile predictions on rows the model was not trained on, `[n, m]`. */
  readonly predictions: MatrixInput;
  readonly y: ArrayLike<number>;
  /** The `m` levels, increasing, in (0, 1), symmetric around 0.5: with `τ` there must be `1 - τ`. */
  readonly levels: ArrayLike<number>;
  /** `symmetric` (default) or `asymmetric`; see {@link cqr}. */
  readonly tails?: 'symmetric' | 'asymmetric' | undefined;
}

/** One band per pair of levels, ready for JSON. */
export interface CalibratedQuantilesState {
  readonly levels: readonly number[];
  readonly bands: readonly BandState[];
}

export interface CalibratedQuantiles {
  /** Calibrated quantiles `[k, m]`, each row sorted so that the bands stay nested. */
  apply(predictions: MatrixInput): { readonly quantiles: Matrix; readonly reasons: readonly string[] };
  /** Adds newly observed rows to the calibration scores of every pair. */
  update(predictions: MatrixInput, y: ArrayLike<number>): void;
  /** A JSON-ready copy of everything; give it to {@link restoreCalibratedQuantiles}. */
  state(): CalibratedQuantilesState;
}

/**
 * Conformal calibration of a whole grid of quantiles: each pair `(τ, 1 - τ)` is a CQR band with `α = 2τ`; the median, if
 * there, stays; rows are sorted again afterwards.
 *
 * Each band covers with probability at least `1 - 2τ`: sorting the union of nested pairs only widens what it moves. A
 * pair for which there are too few rows becomes `±Infinity`, with the reason.
 *
 * @throws {RangeError} for an empty calibration set, levels unsorted, outside (0, 1) or without their mirror level
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083 (section 5)
 */
export function calibrateQuantiles(options: CalibrateQuantilesOptions): CalibratedQuantiles {
  const where = 'calibrateQuantiles';
  const levels = Array.from(toLevels(where, options.levels));
  if (options.y.length === 0)
    throw new RangeError(`${where}: the calibration set is empty, expected at least one row`);
  const predictions = readGrid(where, options.predictions, levels);
  const tails: BandOptions['tails'] = options.tails ?? 'symmetric';
  const bands = pairs(where, levels).map(([low, high]) =>
    cqr({
      alpha: 2 * levels[low]!,
      tails,
      y: options.y,
      lower: column(predictions, low),
      upper: column(predictions, high),
    }),
  );
  return calibrated(levels, bands);
}

/** Brings back a {@link calibrateQuantiles} calibration from its `state()`. */
export function restoreCalibratedQuantiles(state: CalibratedQuantilesState): CalibratedQuantiles {
  return calibrated([...state.levels], state.bands.map(restoreCqr));
}

function calibrated(levels: number[], bands: readonly Cqr[]): CalibratedQuantiles {
  const where = 'calibrateQuantiles';
  return {
    apply(predictions) {
      const out = readGrid(where, predictions, levels);
      const reasons: string[] = [];
      pairs(where, levels).forEach(([low, high], b) => {
        const {
          lower,
          upper,
          reasons: why,
        } = bands[b]!.intervals({ lower: column(out, low), upper: column(out, high) });
        reasons.push(...why);
        lower.forEach((value, i) => (out.data[i * out.columns + low] = value));
        upper.forEach((value, i) => (out.data[i * out.columns + high] = value));
      });
      for (let i = 0; i < out.rows; i++) out.data.subarray(i * out.columns, (i + 1) * out.columns).sort();
      return { quantiles: out, reasons };
    },
    update(predictions, y) {
      const grid = readGrid(where, predictions, levels);
      pairs(where, levels).forEach(([low, high], b) =>
        bands[b]!.update({ lower: column(grid, low), upper: column(grid, high) }, y),
      );
    },
    state: () => ({ levels, bands: bands.map((band) => band.state()) }),
  };
}

function pairs(where: string, levels: readonly number[]): [number, number][] {
  const m = levels.length;
  levels.forEach((level, k) => {
    if (Math.abs(level + levels[m - 1 - k]! - 1) > 1e-9)
      throw new RangeError(
        `${where}: level ${level} has no partner ${trim(1 - level)}: levels must be symmetric around 0.5`,
      );
  });
  return Array.from({ length: m >> 1 }, (_, k) => [k, m - 1 - k]);
}

function readGrid(where: string, predictions: MatrixInput, levels: readonly number[]): Matrix {
  const grid = toMatrix(where, 'predictions', predictions);
  if (grid.columns !== levels.length)
    throw new RangeError(
      `${where}: predictions has ${grid.columns} columns, expected one per level (${levels.length})`,
    );
  return grid;
}

function column({ data, rows, columns }: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * columns + j]!);
}
