import { div, equal, mul, type Tensor, where } from '@weightloom/tensor-gpu';
import { dot } from './dot.js';
import { norm } from './norm.js';
import type { StateDict } from './state-dict.js';

/**
 * Cosine of the angle between two state dicts: `⟨a, b⟩ / (‖a‖ ‖b‖)`, and 0 where one of them is all zeros.
 *
 * Nests in `jit` and `grad`. Whole numbers and masks are left out.
 *
 * @returns a scalar float32 tensor in [-1, 1], up to rounding
 */
export function cosine(a: StateDict, b: StateDict): Tensor {
  const scale = mul(norm(a), norm(b));
  const isZero = equal(scale, 0);
  return where(isZero, 0, div(dot(a, b), where(isZero, 1, scale)));
}
