import { add, mul, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { assertSameStructure } from './assert-same-structure.js';
import { isFloat } from './internal/is-float.js';
import type { StateDict } from './state-dict.js';

/**
 * Inner product over all weights: `Σ_name Σ_j a[name][j] · b[name][j]`.
 *
 * Nests in `jit` and `grad`, so sums are float32; `compare` gives float64 sums outside of transforms. Whole numbers and
 * masks are left out.
 *
 * @returns a scalar float32 tensor; 0 when there are no floating tensors
 */
export function dot(a: StateDict, b: StateDict): Tensor {
  assertSameStructure([a, b], { where: 'dot', labels: ['a', 'b'], dtypes: false });
  const names = Object.keys(a)
    .filter((name) => isFloat(a[name]!))
    .sort();
  const terms = names.map((name) => sum(mul(a[name]!, b[name]!)));
  return terms.length === 0 ? tensor(0) : terms.reduce((total, term) => add(total, term));
}
