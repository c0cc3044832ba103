import { bernoulli, foldIn, type Key } from '@weightloom/tensor-gpu';

/** How tensors of several adapters become one, element by element. */
export type ElementwiseType = 'linear' | 'ties' | 'dare_linear' | 'dare_ties' | 'magnitude_prune';

export interface ElementwiseOptions {
  readonly type: ElementwiseType;
  readonly density: number;
  readonly majoritySignMethod: 'total' | 'frequency';
  /** Draws what DARE drops. */
  readonly key: Key | undefined;
}

/**
 * `Σ wᵢ xᵢ` of pruned tensors, for TIES the mean of those that agree with the elected sign.
 *
 * Pruning keeps the `⌊density · n⌋` largest magnitudes of each tensor (of equal ones the first), or for DARE each element with
 * probability `density`, divided by it. The sign of an element is that of the sum (`total`) or of the sum of signs (`frequency`) of
 * the pruned tensors; zero counts as positive, and the sum of those that agree is divided by how many there are, at least 1.
 */
export function combineElementwise(
  tensors: readonly Float32Array[],
  weights: readonly number[],
  options: ElementwiseOptions,
): Float32Array {
  const { type } = options;
  const pruned = type === 'linear' ? tensors : tensors.map((values, i) => prune(values, i, options));
  const signs = type.endsWith('ties') ? electSigns(pruned, options.majoritySignMethod) : undefined;
  return tensors[0]!.map((_, at) => {
    let [sum, agreeing] = [0, 0];
    for (let i = 0; i < pruned.length; i++) {
      const value = pruned[i]![at]!;
      if (signs && Math.sign(value) !== signs[at]) continue;
      sum += value * weights[i]!;
      agreeing++;
    }
    return signs ? sum / Math.max(agreeing, 1) : sum;
  });
}

function prune(
  values: Float32Array,
  index: number,
  { type, density, key }: ElementwiseOptions,
): Float32Array {
  if (density >= 1) return values;
  if (type.startsWith('dare')) {
    using mask = bernoulli(foldIn(key!, index), density, [values.length]);
    const kept = mask.dataSync();
    return values.map((value, i) => (kept[i] ? value / density : 0));
  }
  const count = Math.floor(density * values.length);
  const order = Uint32Array.from(values, (_, i) => i).sort(
    (i, j) => Math.abs(values[j]!) - Math.abs(values[i]!) || i - j,
  );
  const out = new Float32Array(values.length);
  for (const i of order.subarray(0, count)) out[i] = values[i]!;
  return out;
}

function electSigns(tensors: readonly Float32Array[], method: 'total' | 'frequency'): Int8Array {
  return Int8Array.from(tensors[0]!, (_, at) => {
    let vote = 0;
    for (const values of tensors) vote += method === 'total' ? values[at]! : Math.sign(values[at]!);
    return vote >= 0 ? 1 : -1;
  });
}
