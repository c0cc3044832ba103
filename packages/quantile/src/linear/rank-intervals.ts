import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { studentQuantile } from '../internal/student.js';
import { innerBandwidth } from './bandwidth.js';
import { differenceDensities, inUserColumns, inverseGram } from './covariance.js';
import type { PreparedRows } from './exact-fit.js';
import { exactFit, levelProblem } from './exact-fit.js';
import type { InferenceRows } from './inference-rows.js';
import { inferenceRows } from './inference-rows.js';
import type { QuantileRegression } from './quantile-regression.js';
import { rankWalk } from './rank-walk.js';
import { unwhiten } from './whiten.js';

export interface RankIntervalOptions {
  /** Coverage; default 0.95 (R's `rq` prints 0.9). */
  readonly confidence?: number;
  /** `iid` for errors of one distribution (R's default), `nid` for errors that differ by row; default `iid`. */
  readonly errors?: 'iid' | 'nid';
  /** The row weights of the fit. */
  readonly weights?: ArrayLike<number>;
}

/** Ends of the intervals, `[m, d]` each; infinite where the test never rejects. */
export interface RankIntervals {
  readonly confidence: number;
  readonly lower: Matrix;
  readonly upper: Matrix;
}

/** `ε^(2/3)`, the guard R uses here. */
const GUARD = 3.666852862501036e-11;

/**
 * Confidence intervals that invert the rank score test, coefficient by coefficient: no density to estimate.
 *
 * For a value `b` of coefficient `j` the others are refitted; with `a(b)` the dual solution of that fit,
 * `T(b) = x_jᵀ(a(b) - (1 - τ)) / sqrt(τ(1 - τ) q_j)`, `q_j` the squared length of `x_j` beyond the other columns.
 * The interval holds the `b` with `|T(b)|` below the t quantile with `n - d` degrees of freedom; `T` is a step function,
 * followed exactly, and the ends are interpolated between its last step inside and its first outside, as R does.
 *
 * @throws {RangeError} for a penalised fit or when no degree of freedom is left
 * @see Koenker 1994, "Confidence intervals for regression quantiles"; Koenker, Machado 1999, JASA 94
 */
export function rankIntervals(
  fit: QuantileRegression,
  x: MatrixInput,
  y: ArrayLike<number>,
  options: RankIntervalOptions = {},
): RankIntervals {
  const where = 'rankIntervals';
  const { confidence = 0.95, errors = 'iid' } = options;
  if (fit.penalty > 0)
    throw new RangeError(`${where}: the fit has penalty ${fit.penalty}; there is no rank test for it`);
  const data = inferenceRows(where, fit, x, y, { confidence, weights: options.weights });
  const { rows, n, d } = data;
  const cutoff = studentQuantile((1 + confidence) / 2, n - d);

  const m = fit.levels.length;
  const lower = new Float64Array(m * d);
  const upper = new Float64Array(m * d);
  fit.levels.forEach((level, k) => {
    const lengths = beyondOthers(data, level, errors).map((length) =>
      Math.sqrt(level * (1 - level) * length),
    );
    const { vertex } = exactFit(rows, level);
    for (let j = 0; j < d; j++) {
      const functional = coefficientFunctional(rows, j);
      const centre = functional.reduce((sum, value, l) => sum + value * rows.centre[l]!, 0);
      const end = (way: 1 | -1): number => {
        let inside: { at: number; t: number } | undefined;
        let answer = way * Infinity;
        rankWalk(levelProblem(rows, level), vertex, functional, way, rows.scale, ({ from, score }) => {
          const t = Math.abs(score) / lengths[j]!;
          if (t > cutoff) {
            const last = inside ?? { at: from, t: 0 };
            answer = centre + last.at + ((from - last.at) * (cutoff - last.t)) / (t - last.t);
            return false;
          }
          inside = { at: from, t };
          return true;
        });
        return answer;
      };
      lower[k * d + j] = end(-1);
      upper[k * d + j] = end(1);
    }
  });
  return {
    confidence,
    lower: { data: lower, rows: m, columns: d },
    upper: { data: upper, rows: m, columns: d },
  };
}

/** `c` with `cᵀγ` the user's coefficient `j` of whitened coefficients `γ`. */
function coefficientFunctional({ r, design }: PreparedRows, j: number): Float64Array {
  const d = design.columns;
  return Float64Array.from({ length: d }, (_, l) => {
    const unit = new Float64Array(d);
    unit[l] = 1;
    return unwhiten(r, unit)[j]!;
  });
}

/** Squared length of what is left of each column after a (density-weighted, for `nid`) regression on the others. */
function beyondOthers(data: InferenceRows, level: number, errors: 'iid' | 'nid'): Float64Array {
  const { n, d } = data;
  if (errors === 'iid') {
    const inverse = inUserColumns(data, inverseGram(data, new Float64Array(n).fill(1)));
    return Float64Array.from({ length: d }, (_, j) => 1 / inverse[j * d + j]!);
  }
  const h = innerBandwidth(level, n, 'hallSheather');
  const densities = differenceDensities(data, level, h, GUARD, GUARD);
  const inverse = inverseGram(data, densities);
  return Float64Array.from({ length: d }, (_, j) => {
    const functional = coefficientFunctional(data.rows, j);
    const direction = Float64Array.from({ length: d }, (_, l) =>
      functional.reduce((sum, value, k) => sum + value * inverse[l * d + k]!, 0),
    );
    const own = direction.reduce((sum, value, l) => sum + value * functional[l]!, 0);
    let length = 0;
    for (let i = 0; i < n; i++) {
      let value = 0;
      for (let l = 0; l < d; l++) value += data.z[i * d + l]! * direction[l]!;
      length += (value / own) ** 2;
    }
    return length;
  });
}
