import { toLevels } from '../internal/check-data.js';
import type { Matrix } from '../internal/matrix.js';
import { toVector } from '../internal/matrix.js';
import { solveLp } from '../internal/solve-lp.js';
import { pinball } from '../scores/pinball.js';
import type { ModelStack } from './model-stack.js';
import { readStack } from './model-stack.js';
import { principalComponents } from './principal-components.js';

export interface QraOptions {
  /** Predictions of rows the models were not trained on, `p` matrices `[n, m]`. */
  readonly models: ModelStack;
  /** `[n]` */
  readonly y: ArrayLike<number>;
  /** `[m]`, rising, in (0, 1). */
  readonly levels: ArrayLike<number>;
  /** Whether each level has a constant of its own; default true. */
  readonly intercept?: boolean | undefined;
  /** Weights of at least 0; default false. */
  readonly nonNegative?: boolean | undefined;
  /** Weights that sum to 1 (the constant apart); default false. Both constraints together make convex combinations. */
  readonly sumToOne?: boolean | undefined;
}

/** Linear weights per level, ready for JSON: `ghat_k = intercept_k + Σ_j weights_kj Z_jk`. */
export interface QraModel {
  readonly levels: readonly number[];
  /** `[m]` */
  readonly intercepts: readonly number[];
  /** `[m, p]` */
  readonly weights: readonly (readonly number[])[];
  /** Mean pinball loss per level on the training rows, `[m]`. */
  readonly losses: readonly number[];
}

/**
 * Quantile regression averaging: per level, the linear quantile regression of the target on the models' predictions of
 * that level, with optional constraints. Solved exactly as a linear program.
 *
 * `min (1/n) Σ_i ψ_τ(y_i - c - Σ_j w_j Z_ijk)` subject to `w ≥ 0` and `Σ w = 1` where asked
 *
 * When the minimiser is not unique the answer is one vertex of the optimal set. Levels are fitted apart, so predictions
 * may cross: sort them afterwards.
 *
 * @throws {RangeError} for no models, different shapes, fewer rows than coefficients, a non-finite value
 * @see Nowotarski, Weron 2015, "Computing electricity spot price prediction intervals using quantile regression and
 *   forecast averaging"
 */
export async function quantileRegressionAveraging(options: QraOptions): Promise<QraModel> {
  const where = 'quantileRegressionAveraging';
  const levels = toLevels(where, options.levels);
  const stack = readStack(where, options.models, levels.length);
  return fitLevels(where, options, levels, stack, (k) => stack.map((model) => columnOf(model, k)));
}

export interface FactorQraOptions extends Omit<QraOptions, 'nonNegative' | 'sumToOne'> {
  /** Number of principal components, 1 to `p`; default the fewest that keep `share` of the variance at each level. */
  readonly factors?: number | undefined;
  /** Default 0.95. */
  readonly share?: number | undefined;
}

/**
 * Factor quantile regression averaging: {@link quantileRegressionAveraging} on the leading principal components of the
 * models' centred predictions, which steadies it when models are many or much alike.
 *
 * The weights answered are those of the models themselves, so the model applies like any other.
 *
 * @throws {RangeError} as {@link quantileRegressionAveraging}, and for `factors` or `share` out of range
 * @see Maciejowska, Nowotarski, Weron 2016, "Probabilistic forecasting of electricity spot prices using factor quantile
 *   regression averaging"
 */
export async function factorQuantileRegressionAveraging(options: FactorQraOptions): Promise<QraModel> {
  const where = 'factorQuantileRegressionAveraging';
  const levels = toLevels(where, options.levels);
  const stack = readStack(where, options.models, levels.length);
  const { factors, share = 0.95 } = options;
  if (factors !== undefined && !(Number.isInteger(factors) && factors >= 1 && factors <= stack.length))
    throw new RangeError(
      `${where}: factors is ${factors}, expected an integer from 1 to the ${stack.length} models`,
    );
  if (!(share > 0 && share <= 1))
    throw new RangeError(`${where}: share is ${share}, expected a number above 0, at most 1`);
  const components = Array.from(levels, (_, k) =>
    principalComponents(
      stack.map((model) => columnOf(model, k)),
      factors === undefined ? { share } : { count: factors },
    ),
  );
  const plain = { ...options, nonNegative: false, sumToOne: false };
  const fit = await fitLevels(where, plain, levels, stack, (k) => components[k]!.scores);
  const weights = fit.weights.map((factor, k) =>
    stack.map((_, j) => factor.reduce((sum, value, f) => sum + value * components[k]!.loadings[f]![j]!, 0)),
  );
  const intercepts = fit.intercepts.map((value, k) =>
    weights[k]!.reduce((sum, weight, j) => sum - weight * components[k]!.means[j]!, value),
  );
  return { ...fit, weights, intercepts };
}

/**
 * Combines new predictions with the weights of {@link quantileRegressionAveraging}.
 *
 * @param models - as many and in the same order as in the fit, `[n, m]` each
 * @returns `[n, m]`, not sorted
 */
export function applyQra(model: QraModel, models: ModelStack): Matrix {
  const where = 'applyQra';
  const { intercepts, weights } = model;
  const stack = readStack(where, models, intercepts.length);
  if (stack.length !== weights[0]!.length)
    throw new RangeError(
      `${where}: got ${stack.length} models, expected ${weights[0]!.length} as in the fit`,
    );
  const { rows, columns } = stack[0]!;
  const data = Float64Array.from({ length: rows * columns }, (_, e) => {
    const k = e % columns;
    return stack.reduce((sum, { data: values }, j) => sum + weights[k]![j]! * values[e]!, intercepts[k]!);
  });
  return { data, rows, columns };
}

async function fitLevels(
  where: string,
  options: QraOptions,
  levels: Float64Array,
  stack: readonly Matrix[],
  regressors: (k: number) => readonly Float64Array[],
): Promise<QraModel> {
  const y = toVector(where, 'y', options.y, stack[0]!.rows);
  const { intercept = true } = options;
  const fits = [];
  for (const [k, level] of levels.entries()) {
    const columns = regressors(k);
    const wanted = columns.length + (intercept ? 1 : 0);
    if (y.length < wanted)
      throw new RangeError(`${where}: ${y.length} rows are too few for ${wanted} coefficients at each level`);
    fits.push(await fitLevel(where, columns, y, level, options));
  }
  return {
    levels: Array.from(levels),
    intercepts: fits.map((fit) => fit.intercept),
    weights: fits.map((fit) => fit.weights),
    losses: fits.map((fit) => fit.loss),
  };
}

/**
 * The dual program, with one row per coefficient: `max y·d + μ` over `d ∈ [τ - 1, τ]^n`, where a free coefficient asks
 * `x_j·d + μ = 0` and one of at least 0 asks `x_j·d + μ ≤ 0`; `μ` belongs to the sum and is absent without it. The
 * coefficients are the multipliers of the rows.
 */
async function fitLevel(
  where: string,
  columns: readonly Float64Array[],
  y: Float64Array,
  level: number,
  { intercept = true, nonNegative = false, sumToOne = false }: QraOptions,
): Promise<{ intercept: number; weights: number[]; loss: number }> {
  const n = y.length;
  const extra = sumToOne ? 1 : 0;
  const bound = (value: number, free: number) =>
    Float64Array.from({ length: n + extra }, (_, i) => (i < n ? value : free));
  const matrix = columns.map((column) =>
    Float64Array.from({ length: n + extra }, (_, i) => (i < n ? column[i]! : 1)),
  );
  if (intercept) matrix.push(bound(1, 0));
  const solution = await solveLp(where, {
    cost: Float64Array.from({ length: n + extra }, (_, i) => (i < n ? y[i]! : 1)),
    lower: bound(level - 1, -Infinity),
    upper: bound(level, Infinity),
    matrix,
    rowLower: Float64Array.from(matrix, (_, j) => (nonNegative && j < columns.length ? -Infinity : 0)),
    rowUpper: new Float64Array(matrix.length),
  });
  if (solution.status !== 'optimal') throw new Error(`${where}: the dual program is ${solution.status}`);
  const weights = Array.from(solution.rowDuals.subarray(0, columns.length));
  const constant = intercept ? solution.rowDuals[columns.length]! : 0;
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const error = columns.reduce((rest, column, j) => rest - weights[j]! * column[i]!, y[i]! - constant);
    loss += pinball(error, level) / n;
  }
  return { intercept: constant, weights, loss };
}

function columnOf({ data, rows, columns }: Matrix, k: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * columns + k]!);
}
