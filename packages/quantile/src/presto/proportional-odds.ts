import { invert } from '../internal/invert.js';
import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import { orthonormalColumns } from '../internal/orthonormal-columns.js';
import { layoutOf, linearPredictors, scoreAndInformation, slopesOf } from './cumulative-logit.js';
import { fitCumulative, interceptOnly } from './fit-cumulative.js';
import type { Design, ClassLabel, OrdinalData } from './ordinal-data.js';
import { readDesign } from './ordinal-data.js';
import type { OrdinalModel } from './ordinal-model.js';
import { modelFrom, sigmoid } from './ordinal-model.js';

/** A maximum-likelihood fit with its uncertainty. */
export interface LikelihoodModel extends OrdinalModel {
  /** Log likelihood, summed over rows. */
  readonly logLikelihood: number;
  /** Standard errors of the slopes (shared by all cuts), `[d]`, from the observed information. */
  readonly standardErrors: readonly number[];
  /** Standard errors of the intercepts, `[K - 1]`. */
  readonly interceptErrors: readonly number[];
  /** False when the iterations ran out. */
  readonly converged: boolean;
  /**
   * True when the classes are separated by the features, so that the maximum lies at infinity: probabilities near 0 and 1
   * are right, slopes and standard errors mean nothing.
   */
  readonly separated: boolean;
}

/**
 * Proportional odds (ordered logit): one slope vector for all cuts.
 *
 * `P(y ≤ k | x) = sigmoid(a_k + x·b)` by maximum likelihood. Software that writes `zeta_k - x·beta` has `beta = -b`.
 *
 * @throws {RangeError} for fewer than three classes, a class without sample, constant or collinear columns (named), a
 *   non-finite cell
 * @see McCullagh 1980, "Regression models for ordinal data"
 */
export function proportionalOdds(data: OrdinalData): LikelihoodModel {
  return fitLikelihood('proportionalOdds', readDesign('proportionalOdds', data, 3));
}

export interface LogisticOptions extends OrdinalData {
  /**
   * The first class counted as an event: the model is for `P(y ≥ event)`. Default: the highest class, the rare one of a
   * PRESTO problem.
   */
  readonly event?: ClassLabel | undefined;
}

/** A logistic regression: `P(event | x) = sigmoid(intercept + x·coefficients)`. */
export interface LogisticModel {
  readonly intercept: number;
  /** `[d]` */
  readonly coefficients: readonly number[];
  /** Standard errors, the intercept first, `[d + 1]`. */
  readonly standardErrors: readonly number[];
  readonly logLikelihood: number;
  readonly converged: boolean;
  /** True when the event is separated by the features; see {@link LikelihoodModel}. */
  readonly separated: boolean;
}

/**
 * Logistic regression of one cut `1{y ≥ event}`, without penalty: the baseline that looks at the rare class alone.
 *
 * @throws {RangeError} for fewer than two classes, an unknown event, constant or collinear columns (named), a non-finite
 *   cell
 */
export function logisticRegression(options: LogisticOptions): LogisticModel {
  const where = 'logisticRegression';
  const design = readDesign(where, options, 2);
  const { classes } = design;
  const cut = options.event === undefined ? classes.length - 1 : classes.indexOf(options.event);
  if (cut < 1)
    throw new RangeError(
      `${where}: event is ${JSON.stringify(options.event)}, expected one of ${JSON.stringify(classes.slice(1))}`,
    );
  const binary: Design = {
    ...design,
    classes: [0, 1],
    codes: design.codes.map((code) => (code >= cut ? 1 : 0)),
  };
  const fit = fitLikelihood(where, binary);
  return {
    intercept: -fit.intercepts[0]!,
    coefficients: fit.slopes[0]!.map((value) => -value),
    standardErrors: [...fit.interceptErrors, ...fit.standardErrors],
    logLikelihood: fit.logLikelihood,
    converged: fit.converged,
    separated: fit.separated,
  };
}

/**
 * `P(event | x)` of a {@link logisticRegression}.
 *
 * @param x - `[n, d]`
 * @returns `[n]`
 */
export function predictLogistic({ intercept, coefficients }: LogisticModel, x: MatrixInput): Float64Array {
  const where = 'predictLogistic';
  const { data, rows, columns } = toMatrix(where, 'x', x);
  if (rows > 0 && columns !== coefficients.length)
    throw new RangeError(
      `${where}: x has ${columns} columns, expected ${coefficients.length} as in training`,
    );
  return Float64Array.from({ length: rows }, (_, i) =>
    sigmoid(coefficients.reduce((sum, b, j) => sum + b * data[i * columns + j]!, intercept)),
  );
}

/** In the last step of a separated fit the predictors still grow by about 1; otherwise Newton has settled. */
const STILL_MOVING = 0.1;

function fitLikelihood(where: string, design: Design): LikelihoodModel {
  refuseCollinear(where, design);
  const layout = layoutOf(design, 1);
  const fit = fitCumulative(design, layout, { lambda: 0, alpha: 1, from: 0 }, interceptOnly(design, layout));
  const { information } = scoreAndInformation(design, layout, linearPredictors(design, layout, fit.theta));
  const covariance = invert(information, layout.size);
  const { intercepts, slopes } = errorsOf(design, layout.cuts, covariance);
  return {
    ...modelFrom(design, fit.theta, slopesOf(design, layout, fit.theta)),
    logLikelihood: fit.logLikelihood * design.n,
    standardErrors: slopes,
    interceptErrors: intercepts,
    converged: fit.converged,
    separated: fit.lastChange > STILL_MOVING,
  };
}

/** Standard errors in the unit of the features: `a_k = α_k - Σ β_j m_j / s_j`, `b_j = β_j / s_j`. */
function errorsOf({ n, d, means, scales }: Design, cuts: number, covariance: Float64Array | undefined) {
  const size = cuts + d;
  const variance = (weights: Float64Array) => {
    if (!covariance) return Infinity;
    let sum = 0;
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) sum += weights[a]! * weights[b]! * covariance[a * size + b]!;
    return sum / n;
  };
  const unit = (c: number, value: number) => {
    const weights = new Float64Array(size);
    weights[c] = value;
    return weights;
  };
  return {
    slopes: Array.from({ length: d }, (_, j) => Math.sqrt(variance(unit(cuts + j, 1 / scales[j]!)))),
    intercepts: Array.from({ length: cuts }, (_, k) => {
      const weights = unit(k, 1);
      for (let j = 0; j < d; j++) weights[cuts + j] = -means[j]! / scales[j]!;
      return Math.sqrt(variance(weights));
    }),
  };
}

function refuseCollinear(where: string, { z, n, d }: Design): void {
  const columns = Array.from({ length: d }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => z[i * (d + 1) + 1 + j]!),
  );
  const { dependent } = orthonormalColumns(columns);
  if (dependent >= 0)
    throw new RangeError(
      `${where}: column ${dependent} of x is constant or a combination of the columns before it`,
    );
}
