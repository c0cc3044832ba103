import { ShapeError } from '../errors.js';
import { matmul } from '../ops/matmul.js';
import { transpose } from '../ops/shaping.js';
import { normal } from '../random/draws.js';
import { checkKey, type Key } from '../random/key.js';
import { scoped } from '../tensor/scope.js';
import { showShape } from '../tensor/shape.js';
import { fromHost, type Tensor } from '../tensor/tensor.js';
import { columnSign } from './dense/orientation.js';
import { hostQr } from './dense/thin-qr.js';
import { type SvdMethod, thinSvd } from './dense/thin-svd.js';
import { transposed } from './dense/transpose.js';
import { checkConcrete, readFinite, readMatrices, toTensor } from './host-matrix.js';
import { quickBasis } from './quick-basis.js';

export interface RandomizedSvdOptions {
  /** Draws the sketch. */
  readonly key: Key;
  /** Columns of the sketch beyond `rank`. Default: 10. */
  readonly oversampling?: number;
  /** Power iterations: each multiplies with `x` and `xᵀ` once more and sharpens a slowly falling spectrum. Default: 4. */
  readonly iterations?: number;
}

/** `x ≈ u · diag(s) · vt`. */
export interface RandomizedSvdResult {
  /** `[m, rank]`. */
  readonly u: Tensor;
  /** `[rank]`, descending. */
  readonly s: Tensor;
  /** `[rank, n]`. */
  readonly vt: Tensor;
  /** `randomized`; or what `svd` used, where the sketch would be at least half as wide as the matrix. */
  readonly method: 'randomized' | SvdMethod;
}

/**
 * The `rank` largest singular values of a large matrix `[m, n]` and their vectors, from products with a random matrix of
 * `rank + oversampling` columns. The products run on the current backend in float32, the small factors in float64 on the CPU.
 *
 * Bases come from Cholesky factors of Gram matrices where the condition allows (the last one in two passes), else from Householder's QR.
 *
 * The expected error is close to the best possible, `σ_{rank+1}`, and closer with every power iteration. Where
 * `rank + oversampling ≥ min(m, n) / 2` the exact decomposition is computed instead and cut; `method` tells. Signs as in `svd`.
 *
 * @param rank - from 1 to `min(m, n)`
 * @throws {ShapeError} when `x` is not a matrix or is empty, or an option is out of range
 * @throws {LinAlgError} on NaN or infinities (the position is named)
 * @throws {TraceError} inside `grad`, `vmap` and `jit`: it has no derivative here
 * @see Halko, Martinsson & Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1, arXiv:0909.4061
 */
export function randomizedSvd(
  x: Tensor,
  rank: number,
  { key, oversampling = 10, iterations = 4 }: RandomizedSvdOptions,
): RandomizedSvdResult {
  checkArguments(x, rank, key, oversampling, iterations);
  const [m, n] = x.shape;
  if (2 * (rank + oversampling) >= Math.min(m, n)) return exact(x, rank);
  const width = rank + oversampling;
  return scoped(
    () => {
      let y = matmul(x, normal(key, [n, width]));
      checkProduct(x, y);
      for (let i = 0; i < iterations; i++) {
        const back = matmul(transpose(x), basis(y));
        y = matmul(x, basis(back));
      }
      const q = orthonormal(y);
      const [small] = readMatrices(WHERE, matmul(transpose(q), x)).items;
      const { u, s, v } = thinSvd(WHERE, small);
      const lifted = readFinite(WHERE, matmul(q, fromHost(Float32Array.from(u), [width, width], 'float32')));
      return cut({ u: lifted, s, v }, m, n, width, rank, 'randomized');
    },
    ({ u, s, vt }) => [u, s, vt],
  );
}

const WHERE = 'randomizedSvd';
const PRODUCT = `${WHERE}, a product of x`;

/** A number of `x` that is not finite spoils a row of its product with any matrix, which is quicker looked through. */
function checkProduct(x: Tensor, y: Tensor): void {
  if (y.dataSync().every((value) => Number.isFinite(value))) return;
  readFinite(WHERE, x);
  readFinite(PRODUCT, y);
}

/** Columns of the same span as those of a product of `x`, which is given back: nearly orthonormal where that is enough. */
function basis(y: Tensor): Tensor {
  const quick = quickBasis(y) ?? householderBasis(y);
  y.dispose();
  return quick;
}

/** Orthonormal columns of the same span: from a second pass over the quick basis; `y` is given back. */
function orthonormal(y: Tensor): Tensor {
  const nearly = quickBasis(y);
  const q = (nearly && quickBasis(nearly)) ?? householderBasis(y);
  nearly?.dispose();
  y.dispose();
  return q;
}

/** The same by Householder's QR in float64, whatever the condition. */
function householderBasis(y: Tensor): Tensor {
  const [matrix] = readMatrices(PRODUCT, y).items;
  return fromHost(Float32Array.from(hostQr(matrix).q), y.shape, 'float32');
}

function exact(x: Tensor, rank: number): RandomizedSvdResult {
  const [matrix] = readMatrices(WHERE, x).items;
  const { u, s, v, method } = thinSvd(WHERE, matrix);
  return cut({ u, s, v }, matrix.rows, matrix.columns, s.length, rank, method);
}

/** Keeps the first `rank` of `width` triplets and fixes their signs. */
function cut(
  { u, s, v }: { u: ArrayLike<number>; s: Float64Array; v: Float64Array },
  m: number,
  n: number,
  width: number,
  rank: number,
  method: RandomizedSvdResult['method'],
): RandomizedSvdResult {
  const left = new Float64Array(m * rank);
  const right = new Float64Array(n * rank);
  for (let c = 0; c < rank; c++) {
    const sign = columnSign(u, m, width, c);
    for (let i = 0; i < m; i++) left[i * rank + c] = sign * u[i * width + c];
    for (let j = 0; j < n; j++) right[j * rank + c] = sign * v[j * width + c];
  }
  return {
    u: toTensor(WHERE, [left], [m, rank]),
    s: toTensor(WHERE, [s.subarray(0, rank)], [rank]),
    vt: toTensor(WHERE, [transposed(right, n, rank)], [rank, n]),
    method,
  };
}

function checkArguments(x: Tensor, rank: number, key: Key, oversampling: number, iterations: number): void {
  checkConcrete(WHERE, x);
  checkKey(WHERE, key);
  if (x.rank !== 2 || x.size === 0) {
    throw new ShapeError({
      where: WHERE,
      expected: 'a matrix [m, n]',
      received: `shape ${showShape(x.shape)}`,
    });
  }
  const most = Math.min(...x.shape);
  if (!Number.isInteger(rank) || rank < 1 || rank > most) {
    throw new ShapeError({ where: WHERE, expected: `a rank from 1 to ${most}`, received: String(rank) });
  }
  for (const [name, value] of Object.entries({ oversampling, iterations })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ShapeError({ where: WHERE, expected: `a whole ${name} ≥ 0`, received: String(value) });
    }
  }
}
