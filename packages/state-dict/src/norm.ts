import { sqrt, type Tensor } from '@weightloom/tensor-gpu';
import { dot } from './dot.js';
import type { StateDict } from './state-dict.js';

/**
 * Euclidean norm over all weights: `√(Σ x²)`.
 *
 * Nests in `jit` and `grad`. Whole numbers and masks are left out.
 *
 * @returns a scalar float32 tensor
 */
export function norm(dict: StateDict): Tensor {
  return sqrt(dot(dict, dict));
}
