import { checkAtLeast, toLevels, toTarget, toWeights } from '../internal/check-data.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import type { Design, DesignOptions } from './design.js';
import { buildDesign } from './design.js';
import { exactFit, prepareRows } from './exact-fit.js';
import { residuals } from './pinball-problem.js';

export interface QuantileRegressionOptions extends DesignOptions {
  /** Quantile levels, strictly rising, inside (0, 1); default `[0.5]`. */
  readonly levels?: ArrayLike<number>;
  /** Row weights `w_i ≥ 0`, `[n]`; rows of weight 0 are left out. Default 1. */
  readonly weights?: ArrayLike<number>;
  /** `λ ≥ 0` of the L1 penalty on every coefficient but the intercept; default 0. */
  readonly penalty?: number;
}

/** A fitted linear quantile regression: plain data, safe to store as JSON when its arrays are. */
export interface QuantileRegression {
  readonly levels: Float64Array;
  /** Names of the coefficients, `intercept` first when there is one. */
  readonly names: readonly string[];
  readonly intercept: boolean;
  readonly penalty: number;
  /** `b(τ)`, `[m, d]`: one row of coefficients per level. */
  readonly coefficients: Matrix;
  /** `Σ_i w_i ψ_τ(y_i - x_iᵀb) + λ (Σ_i w_i) Σ_j |b_j|` per level, `[m]`. */
  readonly objective: Float64Array;
  /** Weighted mean pinball loss of the training rows per level, `[m]`. */
  readonly pinball: Float64Array;
  /** False where another plane may be as good (a dual variable on its bound). */
  readonly unique: readonly boolean[];
  /** Primal minus dual value per level, `[m]`: zero up to rounding proves the optimum. */
  readonly gap: Float64Array;
  /** Number of rows used. */
  readonly rows: number;
}

/**
 * Linear quantile regression, solved exactly at every level.
 *
 * `min_b Σ_i w_i ψ_τ(y_i - x_iᵀb) + λ (Σ_i w_i) Σ_j |b_j|`, `ψ_τ(e) = max(τe, (τ - 1)e)`
 *
 * An interior point method (Frisch-Newton, with Portnoy and Koenker's preprocessing from 12,000 rows on) finds the
 * neighbourhood, an exact vertex descent the optimum: `d` residuals are zero and the duality gap is zero up to
 * rounding. Where the optimum is not unique one vertex of the optimal face is returned and `unique` is false.
 * The penalty is that of scikit-learn's `QuantileRegressor` (`alpha`); R quantreg's `lambda` is `2λ Σw`.
 *
 * @param x - features, `[n, d]`, without a column of ones
 * @param y - target, `[n]`
 * @throws {RangeError} for levels outside (0, 1) or unsorted, fewer rows than coefficients, collinear columns (named),
 *   a cell that is not finite (row and column), a constant target
 * @see Koenker, Bassett 1978, "Regression Quantiles", Econometrica 46
 */
export function quantileRegression(
  x: MatrixInput,
  y: ArrayLike<number>,
  options: QuantileRegressionOptions = {},
): QuantileRegression {
  const where = 'quantileRegression';
  const { intercept = true, penalty = 0 } = options;
  const levels = toLevels(where, options.levels ?? [0.5]);
  checkAtLeast(where, 'penalty', penalty, 0);
  const design = buildDesign(where, x, options);
  const target = toTarget(where, y, design.rows);
  const weights = toWeights(where, options.weights, design.rows);
  const rows = prepareRows(where, design, target, weights, penalty, intercept);

  const m = levels.length;
  const d = design.columns;
  const data = new Float64Array(m * d);
  const objective = new Float64Array(m);
  const pinball = new Float64Array(m);
  const gap = new Float64Array(m);
  const unique: boolean[] = [];
  let near: ReturnType<typeof exactFit> | undefined;
  levels.forEach((level, k) => {
    near = exactFit(rows, level, near);
    data.set(near.coefficients, k * d);
    const { loss, total } = trainingLoss(design, target, weights, near.coefficients, level);
    pinball[k] = loss / total;
    objective[k] = loss + penalty * total * slopeSize(near.coefficients, intercept);
    unique[k] = near.unique;
    gap[k] = near.gap;
  });
  return {
    levels,
    names: design.names,
    intercept,
    penalty,
    coefficients: { data, rows: m, columns: d },
    objective,
    pinball,
    unique,
    gap,
    rows: weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0),
  };
}

/**
 * `x_iᵀb(τ_k)`: the fitted quantiles of new rows, `[n, m]`, in the order of the fit's levels.
 *
 * Planes of different levels can cross outside the data; sorting each row repairs that and never raises the pinball loss.
 *
 * @throws {RangeError} when `x` has another number of columns than the fit
 */
export function predictQuantileRegression(fit: QuantileRegression, x: MatrixInput): Matrix {
  const where = 'predictQuantileRegression';
  const { data, rows, columns } = toMatrix(where, 'x', x);
  const first = fit.intercept ? 1 : 0;
  const d = fit.names.length;
  const m = fit.levels.length;
  if (rows > 0 && columns !== d - first)
    throw new RangeError(
      `${where}: x has ${columns} columns, expected ${d - first} (${fit.names.slice(first).join(', ')})`,
    );
  const out = new Float64Array(rows * m);
  const b = fit.coefficients.data;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < m; k++) {
      let value = fit.intercept ? b[k * d]! : 0;
      for (let j = first; j < d; j++) value += b[k * d + j]! * data[i * columns + j - first]!;
      out[i * m + k] = value;
    }
  }
  return { data: out, rows, columns: m };
}

function trainingLoss(
  design: Design,
  y: Float64Array,
  weights: Float64Array,
  b: Float64Array,
  level: number,
): { loss: number; total: number } {
  const r = residuals({ z: design.data, d: design.columns, y }, b);
  let loss = 0;
  let total = 0;
  for (let i = 0; i < r.length; i++) {
    loss += weights[i]! * Math.max(level * r[i]!, (level - 1) * r[i]!);
    total += weights[i]!;
  }
  return { loss, total };
}

const slopeSize = (b: Float64Array, intercept: boolean): number =>
  b.reduce((sum, value, j) => sum + (intercept && j === 0 ? 0 : Math.abs(value)), 0);
