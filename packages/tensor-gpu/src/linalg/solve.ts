import { ShapeError } from '../errors.js';
import { sameShape, type Shape, showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { identity } from './dense/householder-qr.js';
import { factorLu, solveLu } from './dense/lu.js';
import { readFinite, readMatrices, toTensor } from './host-matrix.js';

/**
 * The `x` with `a · x = b`, for a square matrix `a` `[n, n]` and `b` `[n]` or `[n, k]`; or for stacks `[…, n, n]` and
 * `[…, n, k]` with the same leading axes, where one of the two may lack them and serves for all. (As in NumPy 2, a `b` of one
 * axis is a vector, any other a stack of matrices.)
 *
 * LU decomposition with partial pivoting through ml-matrix at every size, in float64 on the CPU, rounded to float32. For large
 * sparse or structured systems use `conjugateGradient`.
 *
 * @throws {ShapeError} when the shapes do not fit or are empty
 * @throws {LinAlgError} on NaN or infinities (the position is named), or when `a` is singular to float64 precision
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const left = readMatrices('solve', a, { square: true });
  const n = left.rows;
  const vector = b.rank === 1;
  const values = readFinite('solve', b);
  const right: Shape = vector ? [] : b.shape.slice(0, -2);
  const fits = b.rank >= 1 && b.shape[vector ? 0 : b.rank - 2] === n;
  if (!fits || (left.batch.length && right.length && !sameShape(left.batch, right))) {
    throw new ShapeError({
      where: 'solve',
      expected: `b of shape [${n}], [${n}, k] or a stack of the latter on the leading axes of a`,
      received: `${showShape(b.shape)} for a of ${showShape(a.shape)}`,
    });
  }
  const k = vector ? 1 : b.shape[b.rank - 1];
  const batch = left.batch.length ? left.batch : right;
  const factors = left.items.map(factorLu);
  const sides = Array.from({ length: values.length / (n * k) }, (_, i) => ({
    data: Float64Array.from(values.subarray(i * n * k, (i + 1) * n * k)),
    rows: n,
    columns: k,
  }));
  const solutions = Array.from({ length: Math.max(factors.length, sides.length) }, (_, i) =>
    solveLu('solve', factors[i % factors.length], sides[i % sides.length], i % factors.length),
  );
  return toTensor('solve', solutions, [...batch, n, ...(vector ? [] : [k])]);
}

/**
 * The inverse of a square matrix `[n, n]` or of each of a stack `[…, n, n]`, as {@link solve} computes it. To solve a system
 * call `solve`: it is faster and more accurate.
 *
 * @throws as {@link solve}
 */
export function inv(x: Tensor): Tensor {
  const { batch, rows: n, items } = readMatrices('inv', x, { square: true });
  const one = { data: identity(n), rows: n, columns: n };
  const inverses = items.map((item, i) => solveLu('inv', factorLu(item), one, i));
  return toTensor('inv', inverses, [...batch, n, n]);
}
