/**
 * The smallest value whose share of the weight up to it reaches `level`: `inf { v : Σ_{v_i ≤ v} w_i ≥ level · Σ w }`.
 *
 * It minimises the weighted pinball loss. Sums of weights are compared with a slack of 1e-12 of the total, so that
 * `level · Σ w` reached exactly on paper is reached in floating point too.
 *
 * @param order - row numbers in ascending order of `values`
 */
export function weightedQuantile(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  order: ArrayLike<number>,
  level: number,
): number {
  let total = 0;
  for (let k = 0; k < order.length; k++) total += weights[order[k]!]!;
  const target = (level - 1e-12) * total;
  let sum = 0;
  for (let k = 0; k < order.length; k++) {
    sum += weights[order[k]!]!;
    if (sum >= target && weights[order[k]!]! > 0) return values[order[k]!]!;
  }
  return values[order[order.length - 1]!]!;
}

/** Row numbers in ascending order of `values`; equal values keep their order. */
export function ascendingOrder(values: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: values.length }, (_, i) => i).sort(
    (i, j) => values[i]! - values[j]! || i - j,
  );
}
