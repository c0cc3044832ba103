import { ShapeError } from '../errors.js';
import { generator } from '../random/generator.js';
import { checkKey, type Key } from '../random/key.js';
import type { Tensor } from '../tensor/tensor.js';
import { columnSign } from './dense/orientation.js';
import { type SymmetricEigen, tridiagonalEigen } from './dense/symmetric-eigen.js';
import { toTensor } from './host-matrix.js';
import { KrylovSpace, unit } from './krylov-space.js';
import { LinAlgError } from './lin-alg-error.js';
import { checkLimits, hostOperator, type LinearOperator } from './linear-operator.js';

export type SpectrumEnd = 'largest' | 'smallest' | 'magnitude';

export interface LanczosOptions {
  /** Draws the first vector, and new ones where the Krylov space ends early. */
  readonly key: Key;
  /** Eigenpairs wanted. Default: 6, or the size if that is less. */
  readonly count?: number;
  /** Which end of the spectrum: algebraically largest or smallest, or largest in magnitude. Default: `magnitude`. */
  readonly which?: SpectrumEnd;
  /** Length of the vectors; needed when the operator is a function. */
  readonly size?: number;
  /** Stop when every wanted `‖A·v - λ·v‖ ≤ tolerance · max|λ|`. Default: 1e-4. */
  readonly tolerance?: number;
  /** Products allowed; each keeps one vector. Default: `max(300, 4 · count)`; never more than the size. */
  readonly maxSteps?: number;
}

export interface LanczosResult {
  /** `[count]`: descending for `largest`, ascending for `smallest`, by descending magnitude for `magnitude`. */
  readonly values: Tensor;
  /** `[n, count]`: vectors are columns, orthonormal; the first of the largest entries of each is positive. */
  readonly vectors: Tensor;
  /** The method's estimates of `‖A·v - λ·v‖` per pair; rounding of the products comes on top. */
  readonly residuals: readonly number[];
  /** Products computed. */
  readonly steps: number;
  /** The tridiagonal matrix `T = Vᵀ A V` (for spectral densities): its diagonal, float64 … */
  readonly diagonal: Float64Array;
  /** … and the numbers beside it, one fewer. */
  readonly beside: Float64Array;
  readonly method: 'lanczos';
}

const WHERE = 'lanczos';

/**
 * Eigenpairs at an end of the spectrum of a symmetric matrix `[n, n]` or function (a Hessian-vector product, say), by Lanczos's
 * method with full reorthogonalisation. The products run on the current backend in float32, everything else in float64 on the
 * CPU; the basis is kept in float32, `4 · n` bytes a step.
 *
 * A method that begins with one vector sees one direction of a multiple eigenvalue; others turn up once the Krylov space is
 * exhausted, so copies of an eigenvalue of a large matrix may be missed.
 *
 * @throws {ShapeError} when the operator is not square, or an option is out of range
 * @throws {LinAlgError} on NaN or infinities, when the operator is not symmetric, or when it does not converge in `maxSteps`
 * @see Golub & Van Loan, "Matrix Computations", chapter 10
 */
export function lanczos(operator: LinearOperator, options: LanczosOptions): LanczosResult {
  const { key, which = 'magnitude', size, tolerance = 1e-4 } = options;
  checkKey(WHERE, key);
  const { size: n, apply } = hostOperator(WHERE, operator, { size, symmetric: true });
  const count = options.count ?? Math.min(6, n);
  const limit = Math.min(n, options.maxSteps ?? Math.max(300, 4 * count));
  checkLimits(WHERE, tolerance, { count, maxSteps: limit });
  checkWanted(count, limit, n, which);
  const random = generator(key);
  const space = new KrylovSpace(WHERE, apply, () => Float64Array.from({ length: n }, () => random.normal()));
  let settled: readonly number[] = [];
  for (let next = Math.min(2 * count, limit); ;) {
    space.extend();
    const steps = space.diagonal.length;
    if (steps < next && space.beta > 0) continue;
    const found = tridiagonalEigen(WHERE, Float64Array.from(space.diagonal), Float64Array.from(space.beside));
    const chosen = inOrder(found.values, which).slice(0, count);
    const residuals = chosen.map((c) => space.beta * Math.abs(found.vectors[(steps - 1) * steps + c]));
    const bound = tolerance * Math.max(Math.abs(found.values[0]), Math.abs(found.values[steps - 1]));
    const values = chosen.map((c) => found.values[c]);
    // An exhausted space may lack copies of multiple eigenvalues: it is done when another one adds nothing.
    const same = values.length === count && values.every((value, i) => Math.abs(value - settled[i]) <= bound);
    if (space.beta === 0 && steps < limit) settled = values;
    const complete = space.beta > 0 ? chosen.length === count : same || steps === limit;
    if (complete && residuals.every((r) => r <= bound)) return finish(space, found, chosen, residuals);
    if (steps === limit) throw notConverged(residuals, bound, steps);
    next = Math.min(limit, Math.ceil(1.25 * steps) + 1);
  }
}

/** Columns of eigenvectors by how much they are wanted. */
function inOrder(values: Float64Array, which: SpectrumEnd): number[] {
  const key = {
    largest: (x: number) => -x,
    smallest: (x: number) => x,
    magnitude: (x: number) => -Math.abs(x),
  }[which];
  return Array.from(values.keys()).sort((a, b) => key(values[a]) - key(values[b]) || b - a);
}

/** Turns eigenvectors of T into those of the operator. */
function finish(
  { basis, diagonal, beside }: KrylovSpace,
  found: SymmetricEigen,
  chosen: readonly number[],
  residuals: readonly number[],
): LanczosResult {
  const n = basis[0].length;
  const [steps, count] = [diagonal.length, chosen.length];
  const vectors = new Float64Array(n * count);
  chosen.forEach((c, k) => {
    const x = new Float64Array(n);
    for (let j = 0; j < steps; j++) {
      const share = found.vectors[j * steps + c];
      for (let i = 0; i < n; i++) x[i] += share * basis[j][i];
    }
    const sign = columnSign(x, n, 1, 0);
    unit(x).forEach((value, i) => (vectors[i * count + k] = sign * value));
  });
  return {
    values: toTensor(WHERE, [chosen.map((c) => found.values[c])], [count]),
    vectors: toTensor(WHERE, [vectors], [n, count]),
    residuals,
    steps,
    diagonal: Float64Array.from(diagonal),
    beside: Float64Array.from(beside),
    method: 'lanczos',
  };
}

function checkWanted(count: number, limit: number, n: number, which: string): void {
  if (count > limit) {
    throw new ShapeError({
      where: WHERE,
      expected: `a count of at most ${limit === n ? `the size ${n}` : `maxSteps ${limit}`}`,
      received: String(count),
    });
  }
  if (!['largest', 'smallest', 'magnitude'].includes(which)) {
    throw new ShapeError({
      where: WHERE,
      expected: 'which to be largest, smallest or magnitude',
      received: String(which),
    });
  }
}

const notConverged = (residuals: readonly number[], bound: number, steps: number): LinAlgError =>
  new LinAlgError({
    where: WHERE,
    expected: `residuals of at most ${bound} within ${steps} steps`,
    received: `${Math.max(...residuals)}`,
    cure: 'allow more steps (maxSteps) or a larger tolerance, or ask for fewer pairs',
  });
