import { ShapeError } from '../errors.js';
import { showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { readFinite, toTensor } from './host-matrix.js';
import { LinAlgError } from './lin-alg-error.js';
import { checkLimits, dot, hostOperator, length, type LinearOperator } from './linear-operator.js';

export interface ConjugateGradientOptions {
  /** Stop when `‖b - A·x‖ ≤ tolerance · ‖b‖`. Default: 1e-5. */
  readonly tolerance?: number;
  /** Default: 10 times the length of `b`. */
  readonly maxIterations?: number;
  /** Where to begin, `[n]`. Default: zeros. */
  readonly start?: Tensor;
  /** Multiplies a residual with an approximation of the inverse of A; symmetric positive definite too. Default: none. */
  readonly preconditioner?: LinearOperator;
}

export interface ConjugateGradientResult {
  /** `[n]`. */
  readonly x: Tensor;
  /** `‖b - A·x‖ / ‖b‖`, computed from `x` itself and not from the recurrence. */
  readonly residual: number;
  readonly iterations: number;
  /** `float32`: the residual is above the tolerance, but no smaller than the rounding of float32 products allows. */
  readonly stoppedBy: 'tolerance' | 'float32';
  readonly method: 'conjugate-gradient';
}

const WHERE = 'conjugateGradient';

/** What float32 products leave of `‖A‖·‖x‖` in a residual, with room. */
const PRECISION = 2 ** -20;

/**
 * The `x` with `A·x = b`, for a symmetric positive definite matrix `[n, n]` or function, and `b` `[n]`. The products run on the
 * current backend in float32, everything else in float64 on the CPU.
 *
 * When the recurrence has converged, the residual is computed anew and the iteration goes on from there if it is too large. It
 * ends when that gains nothing and the residual is at most `1e-6 · ‖A‖ · ‖x‖`, which is what float32 products leave; `stoppedBy`
 * tells.
 *
 * @throws {ShapeError} when shapes do not fit, or an option is out of range
 * @throws {LinAlgError} on NaN or infinities, when `A` is not symmetric (a matrix) or not positive definite, or when it does not
 *   converge
 * @see Hestenes & Stiefel 1952, "Methods of conjugate gradients for solving linear systems"
 */
export function conjugateGradient(
  operator: LinearOperator,
  b: Tensor,
  { tolerance = 1e-5, maxIterations, start, preconditioner }: ConjugateGradientOptions = {},
): ConjugateGradientResult {
  const values = readVector('b', b);
  const n = values.length;
  const limit = maxIterations ?? 10 * n;
  checkLimits(WHERE, tolerance, { maxIterations: limit });
  const { apply } = hostOperator(WHERE, operator, { size: n, symmetric: true });
  const precondition =
    preconditioner && hostOperator(WHERE, preconditioner, { size: n, symmetric: true }).apply;
  // In units of about ‖b‖, so that no size of b underflows; a power of two, so that the change of units does not round.
  const scale = 2 ** Math.round(Math.log2(length(values)));
  const right = Float64Array.from(values, (value) => value / (scale || 1));
  const first = start ? readVector('start', start, n) : new Float32Array(n);
  const x = Float64Array.from(first, (value) => (scale === 0 ? 0 : value / scale));
  const { residual, ...outcome } = iterate(x, right, tolerance, limit, apply, precondition);
  const solution = x.map((value) => value * scale);
  return { x: toTensor(WHERE, [solution], [n]), residual, ...outcome, method: 'conjugate-gradient' };
}

type Product = (v: Float32Array) => Float64Array;

/** Rounds of the recurrence, each begun with a residual computed anew, until that is small enough. */
function iterate(
  x: Float64Array,
  right: Float64Array,
  tolerance: number,
  limit: number,
  apply: Product,
  precondition?: Product,
): Pick<ConjugateGradientResult, 'residual' | 'iterations' | 'stoppedBy'> {
  const rest = (): Float64Array => apply(Float32Array.from(x)).map((value, i) => right[i] - value);
  const size = length(right) || 1;
  let r = rest();
  let residual = length(r) / size;
  let iterations = 0;
  let norm = 0;
  while (residual > tolerance) {
    const round = descend(x, r, tolerance * size, limit - iterations, apply, precondition);
    iterations += round.iterations;
    norm = Math.max(norm, round.norm);
    r = rest();
    const before = residual;
    residual = length(r) / size;
    if (residual <= tolerance || (residual <= before / 2 && iterations < limit)) continue;
    if (residual * size > PRECISION * norm * length(x)) throw notConverged(residual, tolerance, iterations);
    return { residual, iterations, stoppedBy: 'float32' };
  }
  return { residual, iterations, stoppedBy: 'tolerance' };
}

/** Moves `x` until the recurrence's residual `r` is small or the limit is met; gives the largest `‖A·p‖ / ‖p‖` seen too. */
function descend(
  x: Float64Array,
  r: Float64Array,
  target: number,
  limit: number,
  apply: Product,
  precondition?: Product,
): { iterations: number; norm: number } {
  const n = x.length;
  let norm = 0;
  let p = new Float32Array(n);
  let previous = 0;
  for (let k = 0; k < limit; k++) {
    const z = precondition ? precondition(Float32Array.from(r)) : r;
    const rz = dot(r, z);
    const beta = k === 0 ? 0 : rz / previous;
    previous = rz;
    const last = p;
    p = Float32Array.from(z, (value, i) => value + beta * last[i]);
    const product = apply(p);
    norm = Math.max(norm, length(product) / length(p));
    const curvature = dot(p, product);
    if (!(curvature > 0) || !(rz > 0)) throw notDefinite(curvature, k + 1);
    // p was rounded to float32: its own slope is used, not rz.
    const alpha = dot(p, r) / curvature;
    for (let i = 0; i < n; i++) {
      x[i] += alpha * p[i];
      r[i] -= alpha * product[i];
    }
    if (length(r) <= target) return { iterations: k + 1, norm };
  }
  return { iterations: limit, norm };
}

function readVector(name: string, x: Tensor, size?: number): Float32Array {
  const values = readFinite(WHERE, x);
  if (x.rank !== 1 || (size !== undefined && x.size !== size)) {
    throw new ShapeError({
      where: WHERE,
      expected: `${name} of shape ${size === undefined ? '[n]' : showShape([size])}`,
      received: showShape(x.shape),
    });
  }
  return values;
}

const notDefinite = (curvature: number, iteration: number): LinAlgError =>
  new LinAlgError({
    where: WHERE,
    expected: 'a symmetric positive definite operator',
    received: `a direction p with pᵀAp = ${curvature} in iteration ${iteration}`,
    cure: 'add a multiple of the identity, or use solve() or lstsq()',
  });

const notConverged = (residual: number, tolerance: number, iterations: number): LinAlgError =>
  new LinAlgError({
    where: WHERE,
    expected: `a relative residual of ${tolerance}`,
    received: `${residual} after ${iterations} iterations`,
    cure: 'use a preconditioner, allow more iterations or a larger tolerance, or use solve(), which computes in float64',
  });
