import { normal } from '../random/draws.js';
import { checkKey, type Key } from '../random/key.js';
import { scoped } from '../tensor/scope.js';
import type { Tensor } from '../tensor/tensor.js';
import { columnSign } from './dense/orientation.js';
import { toTensor } from './host-matrix.js';
import { unit } from './krylov-space.js';
import { LinAlgError } from './lin-alg-error.js';
import { checkLimits, dot, hostOperator, type LinearOperator } from './linear-operator.js';

export interface PowerIterationOptions {
  /** Draws the first vector. */
  readonly key: Key;
  /** Length of the vectors; needed when the operator is a function. */
  readonly size?: number;
  /** Stop when `‖A·v - λ·v‖ ≤ tolerance · |λ|`. Default: 1e-4. */
  readonly tolerance?: number;
  /** Default: 1000. */
  readonly maxIterations?: number;
}

export interface PowerIterationResult {
  /** `λ`, the eigenvalue of largest magnitude. */
  readonly value: number;
  /** `[n]`, of length 1; the first of its largest entries is positive. */
  readonly vector: Tensor;
  /** `‖A·v - λ·v‖`. */
  readonly residual: number;
  /** Products computed. */
  readonly iterations: number;
  readonly method: 'power-iteration';
}

/**
 * The eigenvalue of largest magnitude, and its vector, by repeated products `v ← A·v / ‖A·v‖`. The products run on the current
 * backend in float32, everything else in float64 on the CPU. The operator need not be symmetric.
 *
 * It takes about `log(1/tolerance) / log(|λ₁/λ₂|)` products; `lanczos` takes far fewer for a symmetric operator, and gives
 * more than one pair.
 *
 * @throws {ShapeError} when the operator is not square, or an option is out of range
 * @throws {LinAlgError} on NaN or infinities, or when it does not converge (two eigenvalues of equal magnitude, say)
 */
export function powerIteration(
  operator: LinearOperator,
  { key, size, tolerance = 1e-4, maxIterations = 1000 }: PowerIterationOptions,
): PowerIterationResult {
  checkKey('powerIteration', key);
  checkLimits('powerIteration', tolerance, { maxIterations });
  const { size: n, apply } = hostOperator('powerIteration', operator, { size, symmetric: false });
  let v = unit(startVector(key, n));
  let [value, residual] = [0, Infinity];
  for (let iterations = 1; iterations <= maxIterations; iterations++) {
    const w = apply(v);
    value = dot(v, w) / dot(v, v);
    residual = Math.sqrt(w.reduce((sum, x, i) => sum + (x - value * v[i]) ** 2, 0));
    if (residual <= tolerance * Math.abs(value)) {
      const sign = columnSign(v, n, 1, 0);
      const vector = toTensor('powerIteration', [v.map((x) => sign * x)], [n]);
      return { value, vector, residual, iterations, method: 'power-iteration' };
    }
    v = unit(w);
  }
  throw new LinAlgError({
    where: 'powerIteration',
    expected: `convergence to ${tolerance} within ${maxIterations} iterations`,
    received: `an eigenvalue near ${value} with a residual of ${residual}`,
    cure: 'allow more iterations or a larger tolerance; lanczos() separates close eigenvalues',
  });
}

/** Standard normal numbers. */
const startVector = (key: Key, n: number): Float32Array =>
  scoped(
    () => normal(key, [n]).dataSync() as Float32Array,
    () => [],
  );
