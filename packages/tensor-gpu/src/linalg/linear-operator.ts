import { DTypeError, ShapeError, TraceError } from '../errors.js';
import { matmul } from '../ops/matmul.js';
import { floating } from '../ops/operands.js';
import { scoped } from '../tensor/scope.js';
import { showShape } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { checkConcrete, checkSymmetric, readFinite } from './host-matrix.js';
import { LinAlgError } from './lin-alg-error.js';

/** A square matrix `[n, n]`, or a function that multiplies one with a vector `[n]`, such as a Hessian-vector product. */
export type LinearOperator = Tensor | ((vector: Tensor) => Tensor);

/** A product with numbers on the host: `v` goes in as float32, what comes out is checked. */
export interface HostOperator {
  readonly size: number;
  apply(v: Float32Array): Float64Array;
}

export interface OperatorCheck {
  /** Length of the vectors; needed for functions. */
  readonly size?: number;
  /** Refuse a matrix that is not symmetric; a function is taken at its word. */
  readonly symmetric: boolean;
}

/** Makes an operator ready, after checking it. */
export function hostOperator(where: string, operator: LinearOperator, check: OperatorCheck): HostOperator {
  const size = sizeOfOperator(where, operator, check);
  if (operator instanceof Tensor) {
    const values = readFinite(where, operator);
    if (check.symmetric) checkSymmetric(where, values, size);
  }
  const multiply = operator instanceof Tensor ? (v: Tensor) => matmul(operator, v) : operator;
  return { size, apply: (v) => product(where, multiply, v) };
}

function sizeOfOperator(where: string, operator: LinearOperator, { size }: OperatorCheck): number {
  if (operator instanceof Tensor) {
    checkConcrete(where, operator);
    const [n, m] = operator.shape;
    if (operator.rank !== 2 || n !== m || (size !== undefined && size !== n)) {
      throw new ShapeError({
        where,
        expected: `a square matrix ${size === undefined ? '[n, n]' : showShape([size, size])}`,
        received: `shape ${showShape(operator.shape)}`,
      });
    }
    return n;
  }
  if (typeof operator !== 'function') {
    throw new DTypeError({
      where,
      expected: 'a matrix or a function from vector to vector',
      received: operator === null ? 'null' : typeof operator,
    });
  }
  if (size === undefined || !Number.isSafeInteger(size) || size < 1) {
    throw new ShapeError({
      where,
      expected: 'a whole option `size` ≥ 1 beside a function (the length of its vectors)',
      received: String(size),
    });
  }
  return size;
}

function product(where: string, multiply: (v: Tensor) => Tensor, v: Float32Array): Float64Array {
  return scoped(
    () => {
      const out = multiply(fromHost(v.slice(), [v.length], 'float32'));
      if (!(out instanceof Tensor) || out.rank !== 1 || out.shape[0] !== v.length) {
        throw new ShapeError({
          where,
          expected: `the function to return a vector of shape ${showShape([v.length])}`,
          received: out instanceof Tensor ? `shape ${showShape(out.shape)}` : typeof out,
        });
      }
      if (out.trace) {
        throw new TraceError({
          where,
          expected: 'a function of concrete tensors (the iteration reads every product)',
          received: `one that uses a traced tensor inside ${out.trace.name}`,
          cure: 'call it outside the transform',
        });
      }
      const values = Float64Array.from(floating(where, out).dataSync());
      const bad = values.findIndex((x) => !Number.isFinite(x));
      if (bad >= 0) {
        throw new LinAlgError({
          where,
          expected: 'finite products',
          received: `${values[bad]} at position ${bad} of one`,
        });
      }
      return values;
    },
    () => [],
  );
}

/** `Σ x[i] · y[i]` in float64. */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** `‖x‖` in float64. */
export const length = (x: ArrayLike<number>): number => Math.sqrt(dot(x, x));

/** Refuses a number that is not above 0, or a count that is not whole and ≥ 1. */
export function checkLimits(
  where: string,
  tolerance: number,
  counts: Readonly<Record<string, number>>,
): void {
  if (!(tolerance > 0) || tolerance >= 1) {
    throw new ShapeError({ where, expected: 'a tolerance above 0 and below 1', received: String(tolerance) });
  }
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ShapeError({ where, expected: `a whole ${name} ≥ 1`, received: String(count) });
    }
  }
}
