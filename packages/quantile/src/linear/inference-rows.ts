import { toTarget, toWeights } from '../internal/check-data.js';
import type { MatrixInput } from '../internal/matrix.js';
import { buildDesign } from './design.js';
import type { PreparedRows } from './exact-fit.js';
import { prepareRows } from './exact-fit.js';
import { residuals } from './pinball-problem.js';
import type { QuantileRegression } from './quantile-regression.js';

/** Rows for inference: multiplied by their weights, as R quantreg does, in whitened coordinates. */
export interface InferenceRows {
  readonly rows: PreparedRows;
  readonly n: number;
  readonly d: number;
  /** `w_i z_i`, `[n, d]`. */
  readonly z: Float64Array;
  /** `w_i y_i`, `[n]`. */
  readonly y: Float64Array;
}

/**
 * The rows of a fit once more, multiplied by their weights.
 *
 * @throws {RangeError} for a confidence outside (0, 1), rows that do not suit the fit, or no degree of freedom
 */
export function inferenceRows(
  where: string,
  fit: QuantileRegression,
  x: MatrixInput,
  y: ArrayLike<number>,
  { confidence, weights }: { readonly confidence: number; readonly weights?: ArrayLike<number> | undefined },
): InferenceRows {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`${where}: confidence is ${confidence}, expected it inside (0, 1)`);
  const names = fit.names.slice(fit.intercept ? 1 : 0);
  const design = buildDesign(where, x, { intercept: fit.intercept, names });
  const target = toTarget(where, y, design.rows);
  const rows = prepareRows(where, design, target, toWeights(where, weights, design.rows));
  const data = weighRows(rows);
  const { n, d } = data;
  if (n <= d) throw new RangeError(`${where}: ${n} rows and ${d} coefficients leave no degree of freedom`);
  return data;
}

function weighRows(rows: PreparedRows): InferenceRows {
  const { weights, y, design } = rows;
  const d = design.columns;
  const z = rows.z.map((value, at) => value * weights[Math.floor(at / d)]!);
  return { rows, n: y.length, d, z, y: y.map((value, i) => value * weights[i]!) };
}

/** `w_i (y_i - x_iᵀb)`. */
export function weightedResiduals({ rows }: InferenceRows, b: Float64Array): Float64Array {
  const { design, y, weights } = rows;
  return residuals({ z: design.data, d: design.columns, y }, b).map((value, i) => value * weights[i]!);
}
