import { choleskySolve } from '../internal/cholesky.js';
import type { Layout } from './cumulative-logit.js';
import { linearPredictors, meanLogGap, meanLogLikelihood, scoreAndInformation } from './cumulative-logit.js';
import type { Design } from './ordinal-data.js';
import { solveLasso } from './solve-lasso.js';

/** `λ Σ [α|θ_c| + (1 - α)/2 θ_c²]` over the coefficients from `from` on; those before are free. */
export interface Penalty {
  readonly lambda: number;
  readonly alpha: number;
  readonly from: number;
}

export interface CumulativeFit {
  readonly theta: Float64Array;
  /** Mean log likelihood at `theta`. */
  readonly logLikelihood: number;
  /** Newton steps used. */
  readonly iterations: number;
  readonly converged: boolean;
  /** The largest change of any `η` in the last step: stays near 1 when the maximum lies at infinity. */
  readonly lastChange: number;
}

const MAX_ITERATIONS = 100;
const MAX_HALVINGS = 30;
/** Stops when a Newton step promises less than this share of the objective. */
const TOLERANCE = 1e-12;
/**
 * Weight of the log barrier that keeps class probabilities above 0. Where cumulative curves want to cross, the objective
 * is within `BARRIER · (K - 2)` of the best feasible one; elsewhere the barrier is far below the tolerance of the fit.
 */
const BARRIER = 1e-9;

/** Intercepts at the observed cumulative frequencies, slopes 0: the start of every fit. */
export function interceptOnly(design: Design, layout: Layout): Float64Array {
  const theta = new Float64Array(layout.size);
  const counts = new Float64Array(layout.cuts + 1);
  for (const code of design.codes) counts[code]!++;
  let below = 0;
  for (let k = 0; k < layout.cuts; k++) {
    below += counts[k]!;
    theta[k] = Math.log(below / (design.n - below));
  }
  return theta;
}

/**
 * Minimises `-loglik/n + penalty` by Newton steps on the likelihood: each step solves the penalised quadratic exactly
 * (one Cholesky, or an active set when there is an L1 part), goes at most 99 % of the way to where probabilities
 * vanish, and is halved while the objective rises.
 */
export function fitCumulative(
  design: Design,
  layout: Layout,
  penalty: Penalty,
  start: Float64Array,
): CumulativeFit {
  const barrier = layout.blocks > 1 ? BARRIER : 0;
  const evaluate = (theta: Float64Array, eta: readonly Float64Array[]) => {
    const logLikelihood = meanLogLikelihood(design, eta);
    const wall = barrier > 0 && logLikelihood > -Infinity ? barrier * meanLogGap(eta) : 0;
    return { theta, eta, logLikelihood, objective: penaltyOf(theta, penalty) - logLikelihood - wall };
  };
  let now = evaluate(start, linearPredictors(design, layout, start));
  let lastChange = 0;
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const { score, information } = scoreAndInformation(design, layout, now.eta, barrier);
    const target = solveQuadratic(now.theta, score, information, penalty);
    const done = (converged: boolean): CumulativeFit => ({
      ...now,
      iterations: iteration,
      converged,
      lastChange,
    });
    const change = target.map((value, c) => value - now.theta[c]!);
    const direction = linearPredictors(design, layout, change);
    let step = Math.min(1, 0.99 * roomAlong(now.eta, direction));
    let next = now;
    for (let halving = 0; halving <= MAX_HALVINGS; halving++, step /= 2) {
      next = evaluate(
        along(now.theta, change, step),
        now.eta.map((eta, k) => along(eta, direction[k]!, step)),
      );
      if (next.objective < now.objective) break;
    }
    const drop = now.objective - next.objective;
    if (!(drop > 0)) return done(true); // no descent left above rounding: the Newton direction is exact
    lastChange = largestChange(now.eta, next.eta);
    now = next;
    if (drop <= TOLERANCE * (Math.abs(now.objective) + 0.1)) return done(true);
  }
  return { ...now, iterations: MAX_ITERATIONS, converged: false, lastChange };
}

function penaltyOf(theta: Float64Array, { lambda, alpha, from }: Penalty): number {
  if (lambda === 0) return 0;
  let sum = 0;
  for (let c = from; c < theta.length; c++)
    sum += alpha * Math.abs(theta[c]!) + ((1 - alpha) / 2) * theta[c]! ** 2;
  return lambda * sum;
}

/** `argmin -score·(t - θ) + ½ (t - θ)ᵀ H (t - θ) + penalty(t)`. */
function solveQuadratic(
  theta: Float64Array,
  score: Float64Array,
  h: Float64Array,
  penalty: Penalty,
): Float64Array {
  const { lambda, alpha, from } = penalty;
  const size = theta.length;
  // In t: ½ tᵀ H t - (score + H θ)·t, with the ridge part on the diagonal.
  const linear = score.map((value, c) => {
    let sum = value;
    for (let e = 0; e < size; e++) sum += h[c * size + e]! * theta[e]!;
    return sum;
  });
  const matrix = h.slice();
  for (let c = from; c < size; c++) matrix[c * size + c]! += lambda * (1 - alpha);
  if (lambda * alpha > 0) return solveLasso(matrix, linear, lambda * alpha, from, theta);
  choleskySolve(matrix, linear);
  return linear;
}

function along(from: Float64Array, direction: Float64Array, step: number): Float64Array {
  const out = new Float64Array(from.length);
  for (let i = 0; i < out.length; i++) out[i] = from[i]! + step * direction[i]!;
  return out;
}

/** How far along `direction` the predictors stay in order: `Infinity` when nothing stops them. */
function roomAlong(eta: readonly Float64Array[], direction: readonly Float64Array[]): number {
  let room = Infinity;
  for (let k = 1; k < eta.length; k++)
    for (let i = 0; i < eta[k]!.length; i++) {
      const closing = direction[k - 1]![i]! - direction[k]![i]!;
      if (closing > 0) room = Math.min(room, (eta[k]![i]! - eta[k - 1]![i]!) / closing);
    }
  return room;
}

function largestChange(before: readonly Float64Array[], after: readonly Float64Array[]): number {
  let most = 0;
  before.forEach((eta, k) =>
    eta.forEach((value, i) => (most = Math.max(most, Math.abs(value - after[k]![i]!)))),
  );
  return most;
}
