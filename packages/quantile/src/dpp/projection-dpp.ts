import type { CandidateBasis } from './candidate-basis.js';

/** The part of a random generator that sampling needs: numbers in [0, 1). */
export interface UniformSource {
  uniform(): number;
}

/**
 * One draw of the projection determinantal point process with kernel `Q Qᵀ`: `m` different candidates `S` with
 * probability `det(Q_S)²`.
 *
 * The chain rule, `O(N m²)`: the first point by leverage, each next one by the squared distance of its row from the span
 * of the rows chosen so far, which shrinks by its part along each new direction.
 *
 * @see Hough, Krishnapur, Peres, Virág 2006, "Determinantal processes and independence"; Gillenwater 2014 (sampler)
 */
export function sampleProjectionDpp(
  { count, size, rows, leverage }: CandidateBasis,
  random: UniformSource,
): Int32Array {
  const left = leverage.slice();
  const directions: Float64Array[] = [];
  const chosen = new Int32Array(size);
  let total = size;
  for (let s = 0; s < size; s++) {
    const pick = drawIndex(left, total, random);
    chosen[s] = pick;
    const direction = newDirection(rows.subarray(pick * size, (pick + 1) * size), directions);
    directions.push(direction);
    left[pick] = 0;
    total = 0;
    for (let c = 0; c < count; c++) {
      if (left[c] === 0) continue;
      let along = 0;
      for (let j = 0; j < size; j++) along += rows[c * size + j]! * direction[j]!;
      left[c] = Math.max(0, left[c]! - along * along);
      total += left[c]!;
    }
  }
  return chosen;
}

/** The unit vector of what the earlier directions leave of a row; they are subtracted twice against rounding. */
function newDirection(row: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const rest = row.slice();
  for (const unit of [...directions, ...directions]) {
    let dot = 0;
    for (let j = 0; j < rest.length; j++) dot += unit[j]! * rest[j]!;
    for (let j = 0; j < rest.length; j++) rest[j]! -= dot * unit[j]!;
  }
  const norm = Math.hypot(...rest);
  return rest.map((value) => value / norm);
}

/** Indices drawn independently with probability proportional to their weights. */
export function drawIndices(weights: Float64Array, count: number, random: UniformSource): Int32Array {
  const sums = weights.slice();
  for (let c = 1; c < sums.length; c++) sums[c]! += sums[c - 1]!;
  return Int32Array.from({ length: count }, () => {
    const target = random.uniform() * sums.at(-1)!;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** One index with probability `weight / total`. */
function drawIndex(weights: Float64Array, total: number, random: UniformSource): number {
  const target = random.uniform() * total;
  let sum = 0;
  let last = 0;
  for (let c = 0; c < weights.length; c++) {
    if (weights[c] === 0) continue;
    sum += weights[c]!;
    last = c;
    if (sum > target) return c;
  }
  return last;
}
