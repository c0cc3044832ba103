/** Bytes of kernel rows kept at a time. */
const CACHE_BYTES = 256 * 2 ** 20;

export interface KernelDual {
  /** `a`, `[n]`. */
  readonly coefficients: Float64Array;
  /** The constant `b`. */
  readonly constant: number;
}

/**
 * Sequential minimal optimisation of `min ½ aᵀKa - yᵀa`, `Σ a_i = 0`, `low_i ≤ a_i ≤ high_i`.
 *
 * Each step moves mass between the row that violates most and the row whose partner step lowers the objective most
 * (second-order choice). It ends when all rows agree on the constant to `tolerance`.
 *
 * @param row - writes `K[i, ·]`, `[n]`, into the array it is given
 * @see Fan, Chen, Lin 2005, "Working set selection using second order information", JMLR 6
 * @throws {Error} when it has not converged after `maxSteps` steps
 */
export function solveKernelDual(
  y: Float64Array,
  low: Float64Array,
  high: Float64Array,
  row: (i: number, out: Float64Array) => void,
  tolerance: number,
  maxSteps: number,
): KernelDual {
  const n = y.length;
  const a = new Float64Array(n);
  // -gradient: what each row asks the constant to be.
  const asked = y.slice();
  const rowOf = cachedRows(n, row);
  const diagonal = Float64Array.from({ length: n }, (_, i) => rowOf(i)[i]!);

  for (let step = 0; step < maxSteps; step++) {
    let i = -1;
    let most = -Infinity;
    let least = Infinity;
    for (let t = 0; t < n; t++) {
      if (a[t]! < high[t]! && asked[t]! > most) [most, i] = [asked[t]!, t];
      if (a[t]! > low[t]! && asked[t]! < least) least = asked[t]!;
    }
    if (most - least <= tolerance)
      return { coefficients: a, constant: constantOf(a, asked, low, high, most, least) };

    const left = rowOf(i);
    let j = -1;
    let bestDrop = 0;
    for (let t = 0; t < n; t++) {
      const gap = most - asked[t]!;
      if (!(a[t]! > low[t]!) || gap <= 0) continue;
      const curvature = Math.max(diagonal[i]! + diagonal[t]! - 2 * left[t]!, 1e-12);
      const drop = (gap * gap) / curvature;
      if (drop > bestDrop) [bestDrop, j] = [drop, t];
    }
    const right = rowOf(j);
    const curvature = Math.max(diagonal[i]! + diagonal[j]! - 2 * left[j]!, 1e-12);
    const move = Math.min((most - asked[j]!) / curvature, high[i]! - a[i]!, a[j]! - low[j]!);
    // Landing exactly on a bound keeps the sets of free rows clean.
    a[i] = move === high[i]! - a[i]! ? high[i]! : a[i]! + move;
    a[j] = move === a[j]! - low[j]! ? low[j]! : a[j]! - move;
    for (let t = 0; t < n; t++) asked[t]! -= move * (left[t]! - right[t]!);
  }
  throw new Error(
    `solveKernelDual: not converged to ${tolerance} after ${maxSteps} steps; scale the features or lower the cost`,
  );
}

/** The constant the free rows agree on; without any, the middle of what the others allow. */
function constantOf(
  a: Float64Array,
  asked: Float64Array,
  low: Float64Array,
  high: Float64Array,
  most: number,
  least: number,
): number {
  let sum = 0;
  let count = 0;
  a.forEach((value, t) => {
    if (!(value > low[t]! && value < high[t]!)) return;
    sum += asked[t]!;
    count++;
  });
  return count > 0 ? sum / count : (most + least) / 2;
}

/** Kernel rows, computed on demand; the longest unused is dropped when the cache is full. */
function cachedRows(n: number, row: (i: number, out: Float64Array) => void): (i: number) => Float64Array {
  const room = Math.max(2, Math.floor(CACHE_BYTES / (8 * n)));
  const cache = new Map<number, Float64Array>();
  return (i) => {
    let values = cache.get(i);
    if (values) cache.delete(i);
    else {
      const oldest = cache.size >= room ? cache.keys().next().value! : undefined;
      values = oldest === undefined ? new Float64Array(n) : cache.get(oldest)!;
      if (oldest !== undefined) cache.delete(oldest);
      row(i, values);
    }
    cache.set(i, values);
    return values;
  };
}
