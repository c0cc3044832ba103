import type { Block, Pass } from '@weightloom/state-dict';

/**
 * Inner products of all vectors with each other, over blocks of them: `gram[i][j] = ⟨vᵢ, vⱼ⟩` in float64.
 *
 * Whatever lies in the span of the vectors (means on a sphere, say) can be worked out from these alone.
 */
export function gramPass(
  gram: Float64Array[],
  vectors: (block: Block) => readonly ArrayLike<number>[],
): Pass {
  return { reduce: (block) => addGram(gram, vectors(block)) };
}

export const emptyGram = (count: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(count));

/** Adds the inner products of a block. */
export function addGram(gram: Float64Array[], vectors: readonly ArrayLike<number>[]): void {
  vectors.forEach((a, i) => {
    for (let k = i; k < vectors.length; k++) {
      const product = dot(a, vectors[k]!);
      gram[i]![k]! += product;
      if (k > i) gram[k]![i]! += product;
    }
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  // Two sums, so that one addition need not wait for the other.
  let [even, odd] = [0, 0];
  const whole = a.length & ~1;
  for (let j = 0; j < whole; j += 2) {
    even += a[j]! * b[j]!;
    odd += a[j + 1]! * b[j + 1]!;
  }
  return whole < a.length ? even + odd + a[whole]! * b[whole]! : even + odd;
}
