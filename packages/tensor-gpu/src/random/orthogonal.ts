import { ShapeError } from '../errors.js';
import { hostQr } from '../linalg/dense/thin-qr.js';
import { transposed } from '../linalg/dense/transpose.js';
import { readMatrices, toTensor } from '../linalg/host-matrix.js';
import { scoped } from '../tensor/scope.js';
import { type Shape, showShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { normal } from './draws.js';
import { checkKey, type Key } from './key.js';

/**
 * A random matrix `[n, m]`, float32, with orthonormal columns (`n ≥ m`) or rows (`n < m`), uniform under rotations (Haar): the Q of
 * a standard normal matrix whose R has a positive diagonal. Computed in float64 on the CPU; `[1024, 1024]` takes about a second.
 *
 * @throws {ShapeError} when the shape is not two whole numbers ≥ 1
 * @throws {TraceError} for a traced key: call it outside `jit` and `vmap`
 * @see Mezzadri 2007, "How to generate random matrices from the classical compact groups", arXiv:math-ph/0609050
 */
export function orthogonal(k: Key, shape: Shape): Tensor {
  checkKey('orthogonal', k);
  if (shape.length !== 2 || !shape.every((d) => Number.isSafeInteger(d) && d >= 1)) {
    throw new ShapeError({
      where: 'orthogonal',
      expected: 'a shape [n, m] of whole numbers ≥ 1',
      received: showShape(shape),
    });
  }
  const [rows, columns] = [Math.max(...shape), Math.min(...shape)];
  return scoped(
    () => {
      const [matrix] = readMatrices('orthogonal', normal(k, [rows, columns])).items;
      const { q } = hostQr(matrix);
      return toTensor('orthogonal', [shape[0] < shape[1] ? transposed(q, rows, columns) : q], shape);
    },
    (t) => [t],
  );
}
