import type { PreparedRows } from './exact-fit.js';
import { residuals } from './pinball-problem.js';

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

/** Multiplies rows and target by the weights. */
export function inferenceRows(rows: PreparedRows): InferenceRows {
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
