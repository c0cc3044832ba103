import { matmul } from '../ops/matmul.js';
import { transpose } from '../ops/shaping.js';
import { scoped } from '../tensor/scope.js';
import { fromHost, type Tensor } from '../tensor/tensor.js';

/** Smallest pivot beside the largest at which float32 products still give a sound basis. */
const LEAST_PIVOT = 1e-4;

/**
 * Nearly orthonormal columns of the same span as those of `y` `[m, k]`, from two products: `y · R⁻¹` with `RᵀR = yᵀy`. Off by about
 * the rounding of float32 times the squared condition of `y`, which is enough between power iterations. `undefined` where the
 * condition is too bad for that, or squares leave float32.
 *
 * @see Fukaya et al. 2014, "CholeskyQR2", for what a second pass would add
 */
export function quickBasis(y: Tensor): Tensor | undefined {
  const k = y.shape[1];
  const gram = scoped(
    () => Float64Array.from(matmul(transpose(y), y).dataSync()),
    () => [],
  );
  const inverse = inverseFactor(gram, k);
  if (!inverse) return undefined;
  return scoped(
    () => matmul(y, fromHost(Float32Array.from(inverse), [k, k], 'float32')),
    (q) => [q],
  );
}

/** `R⁻¹`, upper triangular, of a Gram matrix `RᵀR`. */
function inverseFactor(gram: Float64Array, k: number): Float64Array | undefined {
  const r = gram; // its upper triangle becomes R, row by row
  let largest = 0;
  for (let i = 0; i < k; i++) {
    const pivot = r[i * k + i];
    largest = Math.max(largest, pivot);
    if (!(pivot > LEAST_PIVOT * largest)) return undefined;
    const root = Math.sqrt(pivot);
    for (let j = i; j < k; j++) r[i * k + j] /= root;
    for (let a = i + 1; a < k; a++) {
      const factor = r[i * k + a];
      for (let j = a; j < k; j++) r[a * k + j] -= factor * r[i * k + j];
    }
  }
  const inverse = new Float64Array(k * k);
  for (let j = 0; j < k; j++) {
    inverse[j * k + j] = 1 / r[j * k + j];
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let a = i + 1; a <= j; a++) sum += r[i * k + a] * inverse[a * k + j];
      inverse[i * k + j] = -sum / r[i * k + i];
    }
  }
  return inverse;
}
