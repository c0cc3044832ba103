import {
  add,
  categorical,
  div,
  expandDims,
  eye,
  matmul,
  mul,
  neg,
  oneHot,
  slice,
  softmax,
  sqrt,
  sub,
  type Tensor,
  vmap,
} from '@weightloom/tensor-gpu';

/** Whose gradients are squared: those of all classes, of drawn labels, of given ones. */
export type LabelMode = 'exact' | 'sampled' | 'given';

/**
 * Vectors `c`, `[n, K, C]`, with `Σₖ cₖ cₖᵀ` the mean of `s sᵀ` over labels `y`, where `s = ∂ log p(y) / ∂z = e_y - p` is the
 * gradient by the logits: for a label `s` itself; over all classes, where the mean is `diag(p) - p pᵀ` of rank C - 1, C - 1 vectors.
 *
 * @param logits - `[n, C]`
 * @param chosen - labels `[n]`, or keys `[n, K, 2]` to draw them with
 */
export function labelGradients(mode: LabelMode, logits: Tensor, chosen: Tensor | null): Tensor {
  const classes = logits.shape[1]!;
  const p = softmax(logits);
  if (mode === 'exact') return allLabels(p);
  const scores = (labels: Tensor): Tensor => sub(labels, expandDims(p, 1));
  if (mode === 'given') return scores(expandDims(oneHot(chosen!, classes), 1));
  const draw = vmap((z: Tensor, keys: Tensor) => vmap((k: Tensor) => categorical(k, z))(keys));
  return mul(scores(oneHot(draw(logits, chosen!), classes)), 1 / Math.sqrt(chosen!.shape[1]!));
}

/** How many vectors {@link labelGradients} gives. */
export const countOf = (mode: LabelMode, classes: number, samples: number): number =>
  ({ exact: Math.max(1, classes - 1), sampled: samples, given: 1 })[mode];

/**
 * `diag(p) - p pᵀ = diag(r) (I - r rᵀ) diag(r)` with `r = √p`, and the columns but the first of the reflection `H` that takes `-r` to
 * `e₀` are a root of `I - r rᵀ`: `cₖ = r ⊙ H eₖ`, `Hⱼₖ = δⱼₖ - vⱼ rₖ / (1 + r₀)`, `v = r + e₀`. On the diagonal
 * `1 - pₖ` is added up from the other classes, so that it keeps its digits where the model is sure.
 */
function allLabels(p: Tensor): Tensor {
  const [n, classes] = p.shape as [number, number];
  if (classes === 1) return expandDims(sub(p, p), 1);
  const same = eye(classes);
  const r = sqrt(p);
  const first = slice(same, [0], [1]);
  const others = slice(same, [1], [classes]);
  const r0 = slice(r, [0, 0], [n, 1]);
  const rest = div(slice(r, [0, 1], [n, classes]), add(r0, 1)); // rₖ / (1 + r₀)
  const apart = mul(neg(expandDims(mul(r, add(r, first)), 1)), expandDims(rest, 2));
  const unsure = slice(add(matmul(p, sub(1, same)), r0), [0, 1], [n, classes]); // 1 - pₖ + r₀
  return add(mul(apart, sub(1, others)), mul(expandDims(mul(rest, unsure), 2), others));
}
