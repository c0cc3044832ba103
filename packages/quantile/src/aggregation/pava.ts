import { toVector } from '../internal/matrix.js';

/**
 * Isotonic regression by pooling adjacent violators: the non-decreasing `g` with the least `Σ w_i (v_i - g_i)²`.
 *
 * @param values - `v`, `[m]`
 * @param weights - `w_i > 0`, `[m]`; default 1
 * @returns a new array, `[m]`, non-decreasing
 * @throws {RangeError} for a non-finite value or a weight not above 0
 */
export function pava(values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const v = toVector('pava', 'values', values);
  const out = v.slice();
  poolInto(out, readWeights('pava', weights, v.length));
  return out;
}

/**
 * Pulls a gradient back through {@link pava}: every block gives its members the weighted mean of its gradients.
 *
 * `(∂g/∂v)ᵀ u`, with `∂g_i/∂v_j = w_j / Σ_block w` inside a block and 0 across blocks
 *
 * @param values - where the regression was taken, `[m]`
 * @param gradient - `u`, the gradient of some loss by the fitted values, `[m]`
 * @returns the gradient by `values`, `[m]`
 */
export function pavaVjp(
  values: ArrayLike<number>,
  gradient: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Float64Array {
  const out = toVector('pavaVjp', 'values', values);
  const u = toVector('pavaVjp', 'gradient', gradient, out.length);
  const w = readWeights('pavaVjp', weights, out.length);
  const blocks = poolInto(out, w);
  for (let b = 0; b < blocks.length; b++) {
    const [start, end] = [blocks[b]!, blocks[b + 1] ?? out.length];
    let total = 0;
    let weight = 0;
    for (let i = start; i < end; i++) {
      total += u[i]!;
      weight += w ? w[i]! : 1;
    }
    for (let i = start; i < end; i++) out[i] = ((w ? w[i]! : 1) * total) / weight;
  }
  return out;
}

/** Replaces `row` by its isotonic regression; answers where each block begins. */
export function poolInto(row: Float64Array, weights?: Float64Array): number[] {
  const starts: number[] = [];
  const means: number[] = [];
  const masses: number[] = [];
  for (let i = 0; i < row.length; i++) {
    let start = i;
    let mean = row[i]!;
    let mass = weights ? weights[i]! : 1;
    // Blocks of equal means stay apart: the fit is the same and the derivative is that of the ordered side.
    while (means.length > 0 && means.at(-1)! > mean) {
      const more = masses.pop()!;
      mean = (means.pop()! * more + mean * mass) / (more + mass);
      mass += more;
      start = starts.pop()!;
    }
    starts.push(start);
    means.push(mean);
    masses.push(mass);
  }
  starts.forEach((start, b) => row.fill(means[b]!, start, starts[b + 1] ?? row.length));
  return starts;
}

function readWeights(
  where: string,
  weights: ArrayLike<number> | undefined,
  n: number,
): Float64Array | undefined {
  if (weights === undefined) return undefined;
  const w = toVector(where, 'weights', weights, n);
  const bad = w.findIndex((weight) => weight <= 0);
  if (bad >= 0) throw new RangeError(`${where}: weights[${bad}] is ${w[bad]}, expected a number above 0`);
  return w;
}
