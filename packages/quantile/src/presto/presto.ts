import type { Layout } from './cumulative-logit.js';
import { layoutOf, linearPredictors, scoreAndInformation, slopesOf } from './cumulative-logit.js';
import type { CumulativeFit, Penalty } from './fit-cumulative.js';
import { fitCumulative, interceptOnly } from './fit-cumulative.js';
import type { Design, OrdinalData } from './ordinal-data.js';
import { readDesign } from './ordinal-data.js';
import type { OrdinalModel } from './ordinal-model.js';
import { modelFrom } from './ordinal-model.js';

export interface PrestoPenaltyOptions {
  /** Share of the L1 part, 0 to 1: 1 (default) is PRESTO, 0 its ridge variant. */
  readonly alpha?: number | undefined;
  /**
   * Whether the first slope vector is penalised like the differences. Default true, as in the authors' final code; false
   * tends to proportional odds as `lambda` grows.
   */
  readonly penalizeFirst?: boolean | undefined;
}

export interface PrestoOptions extends OrdinalData, PrestoPenaltyOptions {
  /** Weight of the penalty, finite and at least 0, on the scale of the mean log likelihood. */
  readonly lambda: number;
}

export interface PrestoPathOptions extends OrdinalData, PrestoPenaltyOptions {
  /** Penalty weights, any order, at least 0. Default: `count` values evenly spaced in logarithm. */
  readonly lambdas?: ArrayLike<number> | undefined;
  /** Length of the default path; default 20. */
  readonly count?: number | undefined;
  /** The smallest `lambda` of the default path divided by the largest; default 0.01. */
  readonly minRatio?: number | undefined;
}

export interface PrestoModel extends OrdinalModel {
  readonly lambda: number;
  /** Mean log likelihood on the training rows. */
  readonly logLikelihood: number;
  /** Slopes and slope differences that are not 0. */
  readonly nonZero: number;
  /** False when the iterations ran out or the fit ended at the border where cumulative curves meet. */
  readonly converged: boolean;
}

/**
 * PRESTO: predicting rare events by shrinking towards proportional odds.
 *
 * `P(y ≤ k | x) = sigmoid(a_k + x·b_k)`, `b_1 = ψ_1`, `b_k = b_{k-1} + ψ_k`, minimises
 * `-(1/n) log likelihood + λ Σ_{k,j} [α|ψ_{kj}| + (1 - α)/2 ψ_{kj}²]`; intercepts are free
 *
 * Features are centred and divided by their population standard deviation for the fit; the model answers in their unit.
 * A constant column gets slope 0. The fit keeps every class probability of every training row above 0: by a log barrier
 * within 1e-9 of the best such fit, where the authors' code halves its steps and may stop early. Nothing else differs.
 *
 * @throws {RangeError} for fewer than three classes, a class without sample, a non-finite cell, `lambda` below 0,
 *   `alpha` outside 0 to 1
 * @throws {TypeError} for text labels without `classes`
 * @see Faletto, Bien 2023, "Predicting rare events by shrinking towards proportional odds", ICML 2023
 */
export function presto(options: PrestoOptions): PrestoModel {
  return fitPath(
    'presto',
    readDesign('presto', options, 3),
    options,
    checkLambdas('presto', [options.lambda]),
  )[0]!;
}

/**
 * {@link presto} for many penalty weights, each fit starting from the one before.
 *
 * The default path starts at the smallest `lambda` for which all penalised slopes are 0.
 *
 * @returns one model per `lambda`, from the largest to the smallest
 */
export function prestoPath(options: PrestoPathOptions): PrestoModel[] {
  const where = 'prestoPath';
  const design = readDesign(where, options, 3);
  return fitPath(where, design, options, pathLambdas(where, design, options));
}

/** The checked penalty weights of a path, from large to small. */
export function pathLambdas(where: string, design: Design, options: PrestoPathOptions): Float64Array {
  const { lambdas, count = 20, minRatio = 0.01 } = options;
  if (lambdas) return checkLambdas(where, lambdas);
  if (!(Number.isInteger(count) && count > 0))
    throw new RangeError(`${where}: count is ${count}, expected an integer above 0`);
  if (!(minRatio > 0 && minRatio < 1))
    throw new RangeError(`${where}: minRatio is ${minRatio}, expected a number in (0, 1)`);
  const layout = layoutOf(design);
  const penalty = penaltyOf(where, layout, design, options);
  const start = interceptOnly(design, layout);
  if (options.penalizeFirst === false) start.set(proportionalStart(design));
  const { score } = scoreAndInformation(design, layout, linearPredictors(design, layout, start));
  const steepest = score.subarray(penalty.from).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // A millionth more, so that rounding leaves no slope in the first model.
  const largest = ((1 + 1e-6) * steepest) / (penalty.alpha || 1);
  return Float64Array.from(
    { length: count },
    (_, i) => largest * minRatio ** (count > 1 ? i / (count - 1) : 0),
  );
}

/** Coefficients of proportional odds: where a path with a free first block starts. */
function proportionalStart(design: Design): Float64Array {
  const layout = layoutOf(design, 1);
  return fitCumulative(design, layout, { lambda: 0, alpha: 1, from: 0 }, interceptOnly(design, layout)).theta;
}

/** Fits along the path; `lambdas` from large to small. */
export function fitPath(
  where: string,
  design: Design,
  options: PrestoPenaltyOptions,
  lambdas: Float64Array,
): PrestoModel[] {
  const layout = layoutOf(design);
  const base = penaltyOf(where, layout, design, options);
  let start = interceptOnly(design, layout);
  return Array.from(lambdas, (lambda) => {
    const fit = fitCumulative(design, layout, { ...base, lambda }, start);
    start = fit.theta;
    return describe(design, layout, fit, lambda);
  });
}

function describe(design: Design, layout: Layout, fit: CumulativeFit, lambda: number): PrestoModel {
  const { theta, logLikelihood, converged } = fit;
  return {
    ...modelFrom(design, theta, slopesOf(design, layout, theta)),
    lambda,
    logLikelihood,
    nonZero: theta.subarray(layout.cuts).filter((value) => value !== 0).length,
    converged,
  };
}

function penaltyOf(where: string, layout: Layout, design: Design, options: PrestoPenaltyOptions): Penalty {
  const { alpha = 1, penalizeFirst = true } = options;
  if (!(alpha >= 0 && alpha <= 1))
    throw new RangeError(`${where}: alpha is ${alpha}, expected a number from 0 to 1`);
  return { lambda: 0, alpha, from: layout.cuts + (penalizeFirst ? 0 : design.d) };
}

function checkLambdas(where: string, lambdas: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(lambdas);
  if (out.length === 0) throw new RangeError(`${where}: lambdas is empty, expected at least one`);
  const bad = out.findIndex((lambda) => !(lambda >= 0 && lambda < Infinity));
  if (bad >= 0)
    throw new RangeError(`${where}: lambda is ${out[bad]}, expected a finite number of at least 0`);
  return out.sort().reverse();
}
