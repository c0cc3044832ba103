import { foldIn, generator, type Key } from '@weightloom/tensor-gpu';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { checkCount } from '../internal/check-number.js';
import { type CmaEsConstants, cmaEsConstants } from './internal/cma-es-constants.js';

export interface CmaEsOptions {
  /** The first mean, at least one finite number; `n` of them. */
  readonly start: readonly number[];
  /** The first standard deviation, above 0: about a third of how far the optimum may lie in any coordinate. */
  readonly sigma: number;
  /** `λ`, points of a generation, at least 2 (default `4 + ⌊3 ln n⌋`). */
  readonly population?: number;
}

/** All that a search knows after a generation: plain data, ready for JSON. */
export interface CmaEsState {
  /** Generations that are done. */
  readonly generation: number;
  readonly mean: readonly number[];
  /** `σ`. */
  readonly sigma: number;
  /** `C`, `[n][n]`, symmetric. */
  readonly covariance: readonly (readonly number[])[];
  /** `p_σ`. */
  readonly sigmaPath: readonly number[];
  /** `p_c`. */
  readonly covariancePath: readonly number[];
}

/** A search by CMA-ES: asks for values of points, and learns from being told. */
export interface CmaEs {
  /** `λ`. */
  readonly population: number;
  /** The state before the first generation. */
  init(): CmaEsState;
  /** The points of the next generation, `λ` of them; they depend on key and generation alone. */
  ask(state: CmaEsState, key: Key): number[][];
  /**
   * The state after a generation.
   *
   * @param values - of the points, in their order; lower is better; infinite for points that cannot be
   * @throws {RangeError} for a value that is NaN, naming the point, or another number of values or coordinates
   */
  tell(state: CmaEsState, points: readonly (readonly number[])[], values: readonly number[]): CmaEsState;
}

/**
 * Covariance matrix adaptation evolution strategy: minimises a function of some tens of numbers without its gradient.
 *
 * `x = m + σ C^½ z`, `z ~ N(0, I)`; then mean, step size and covariance move as in the tutorial, with its default constants and
 * negative weights for the worse half ("active"). All in float64. Of equal values the earlier point counts as better. There are no
 * bounds: reflect or transform what has them.
 *
 * @throws {RangeError} for a start that is empty or not finite, `σ` not above 0, or fewer than 2 points a generation
 * @see Hansen 2016 (revised 2023), "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772
 */
export function cmaEs({ start, sigma, population }: CmaEsOptions): CmaEs {
  const where = 'cmaEs';
  const n = checkCount(where, 'the number of coordinates of start', start.length);
  const bad = start.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new RangeError(`${where}: expected a finite number as start[${bad}], received ${start[bad]}`);
  }
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new RangeError(`${where}: expected sigma above 0, received ${String(sigma)}`);
  }
  const constants = cmaEsConstants(n, population ?? 4 + Math.floor(3 * Math.log(n)));
  checkCount(where, 'population', constants.population, 2);
  return {
    population: constants.population,
    init: () => ({
      generation: 0,
      mean: [...start],
      sigma,
      covariance: Matrix.identity(n).to2DArray(),
      sigmaPath: new Array<number>(n).fill(0),
      covariancePath: new Array<number>(n).fill(0),
    }),
    ask: ({ generation, mean, sigma, covariance }, key) => {
      const draw = generator(foldIn(key, generation));
      const root = powerOf(covariance, 0.5);
      return Array.from({ length: constants.population }, () => {
        const z = Array.from({ length: n }, () => draw.normal());
        const y = times(root, z);
        return mean.map((m, i) => m + sigma * y[i]!);
      });
    },
    tell: (state, points, values) => {
      checkTold(where, n, constants.population, points, values);
      return adapt(state, points, values, constants);
    },
  };
}

/** Equations (41) to (47) of the tutorial. */
function adapt(
  state: CmaEsState,
  points: readonly (readonly number[])[],
  values: readonly number[],
  { n, weights, mu, muEff, cSigma, dSigma, cC, c1, cMu, expectedNorm }: CmaEsConstants,
): CmaEsState {
  const { mean, sigma, covariance } = state;
  const ranked = values.map((_, i) => i).sort((a, b) => compare(values[a]!, values[b]!) || a - b);
  const steps = ranked.map((i) => points[i]!.map((x, k) => (x - mean[k]!) / sigma));
  const whiten = powerOf(covariance, -0.5);
  const shift = weightedSum(steps.slice(0, mu), weights);
  const generation = state.generation + 1;

  const toward = times(whiten, shift);
  const sigmaPath = state.sigmaPath.map(
    (p, k) => (1 - cSigma) * p + Math.sqrt(cSigma * (2 - cSigma) * muEff) * toward[k]!,
  );
  const length = norm(sigmaPath);
  const isShort =
    length / Math.sqrt(1 - (1 - cSigma) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * expectedNorm;
  const h = isShort ? 1 : 0;
  const covariancePath = state.covariancePath.map(
    (p, k) => (1 - cC) * p + h * Math.sqrt(cC * (2 - cC) * muEff) * shift[k]!,
  );
  // A long step of a bad point must not make C indefinite.
  const shares = weights.map((w, i) => (w >= 0 ? w : (w * n) / norm(times(whiten, steps[i]!)) ** 2));
  const keep = 1 + c1 * (1 - h) * cC * (2 - cC) - c1 - cMu * weights.reduce((sum, w) => sum + w, 0);
  const next = covariance.map((row, i) =>
    row.map((c, j) => {
      const spread = steps.reduce((sum, y, k) => sum + shares[k]! * y[i]! * y[j]!, 0);
      return keep * c + c1 * covariancePath[i]! * covariancePath[j]! + cMu * spread;
    }),
  );
  return {
    generation,
    mean: mean.map((m, k) => m + sigma * shift[k]!),
    sigma: sigma * Math.exp((cSigma / dSigma) * (length / expectedNorm - 1)),
    covariance: next,
    sigmaPath,
    covariancePath,
  };
}

/** `C^p` of a symmetric positive definite matrix. */
function powerOf(covariance: readonly (readonly number[])[], p: number): number[][] {
  const symmetric = new Matrix(covariance.map((row, i) => row.map((c, j) => (c + covariance[j]![i]!) / 2)));
  const { realEigenvalues, eigenvectorMatrix: b } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  // Rounding may leave an eigenvalue of 0 or below after many generations.
  const floor = Math.max(...realEigenvalues) * 1e-14;
  const scaled = Matrix.diag(realEigenvalues.map((value) => Math.max(value, floor) ** p));
  return b.mmul(scaled).mmul(b.transpose()).to2DArray();
}

/** Infinities are equal to themselves. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
const times = (matrix: readonly (readonly number[])[], x: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, m, k) => sum + m * x[k]!, 0));
const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
const weightedSum = (rows: readonly (readonly number[])[], weights: readonly number[]): number[] =>
  rows[0]!.map((_, k) => rows.reduce((sum, row, i) => sum + weights[i]! * row[k]!, 0));

function checkTold(
  where: string,
  n: number,
  population: number,
  points: readonly (readonly number[])[],
  values: readonly number[],
): void {
  if (points.length !== population || values.length !== population) {
    throw new RangeError(
      `${where}: expected ${population} points and values, received ${points.length} and ${values.length}`,
    );
  }
  const odd = points.findIndex((point) => point.length !== n || point.some((x) => !Number.isFinite(x)));
  if (odd >= 0) {
    throw new RangeError(
      `${where}: expected ${n} finite coordinates of points[${odd}], received [${points[odd]!.join(', ')}]`,
    );
  }
  const bad = values.findIndex((value) => typeof value !== 'number' || Number.isNaN(value));
  if (bad >= 0) {
    throw new RangeError(
      `${where}: expected a number as the value of points[${bad}], received ${values[bad]}`,
    );
  }
}
