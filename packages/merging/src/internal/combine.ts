/** `out = Σ factors[i] · vectors[i]`, in float64. */
export function combine(
  vectors: readonly ArrayLike<number>[],
  factors: readonly number[],
  total: Float64Array,
): Float64Array {
  weigh(vectors[0]!, factors[0]!, total);
  for (let i = 1; i < vectors.length; i++) addWeighted(vectors[i]!, factors[i]!, total);
  return total;
}

function weigh(input: ArrayLike<number>, factor: number, total: Float64Array): void {
  for (let j = 0; j < total.length; j++) total[j] = factor * input[j]!;
}

function addWeighted(input: ArrayLike<number>, factor: number, total: Float64Array): void {
  for (let j = 0; j < total.length; j++) total[j] = total[j]! + factor * input[j]!;
}
