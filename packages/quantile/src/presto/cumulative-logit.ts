import { weightedGram } from '../internal/weighted-gram.js';
import type { Design } from './ordinal-data.js';
import { classProbability, sigmoid } from './ordinal-model.js';

/**
 * Coefficients `θ = [a_1 … a_C, ψ_1, … ψ_B]`, `C = K - 1` cuts, blocks of `d`: slopes are `b_k = ψ_1 + … + ψ_min(k, B)`.
 * `B = C` is the free cumulative model, `B = 1` proportional odds.
 */
export interface Layout {
  readonly cuts: number;
  readonly blocks: number;
  readonly size: number;
}

export function layoutOf(design: Design, blocks?: number): Layout {
  const cuts = design.classes.length - 1;
  const count = blocks ?? cuts;
  return { cuts, blocks: count, size: cuts + count * design.d };
}

/** `η_k = a_k + x · b_k` for every cut: `cuts` arrays of `[n]`. */
export function linearPredictors(design: Design, layout: Layout, theta: Float64Array): Float64Array[] {
  const { z, n, d } = design;
  const coefficients = slopesOf(design, layout, theta);
  return coefficients.map((b, k) => {
    const eta = new Float64Array(n).fill(theta[k]!);
    for (let i = 0; i < n; i++) {
      const row = i * (d + 1) + 1;
      let value = 0;
      for (let j = 0; j < d; j++) value += z[row + j]! * b[j]!;
      eta[i]! += value;
    }
    return eta;
  });
}

/** The slope vector of every cut, `cuts` arrays of `[d]`. */
export function slopesOf({ d }: Design, { cuts, blocks }: Layout, theta: Float64Array): Float64Array[] {
  const out: Float64Array[] = [];
  for (let k = 0; k < cuts; k++) {
    const b = k > 0 ? out[k - 1]!.slice() : new Float64Array(d);
    if (k < blocks) for (let j = 0; j < d; j++) b[j]! += theta[cuts + k * d + j]!;
    out.push(b);
  }
  return out;
}

/** Mean log likelihood; `-Infinity` as soon as any class probability of any row is not above 0. */
export function meanLogLikelihood(design: Design, eta: readonly Float64Array[]): number {
  const { n, codes } = design;
  const row = new Float64Array(eta.length);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < row.length; k++) {
      row[k] = eta[k]![i]!;
      if (k > 0 && !(row[k]! > row[k - 1]!)) return -Infinity;
    }
    sum += Math.log(classProbability(row, codes[i]!));
  }
  return sum / n;
}

/** `mean_i Σ_k log(η_{k+1} - η_k)`: finite only while all class probabilities are above 0. */
export function meanLogGap(eta: readonly Float64Array[]): number {
  let sum = 0;
  for (let k = 1; k < eta.length; k++)
    eta[k]!.forEach((value, i) => (sum += Math.log(value - eta[k - 1]![i]!)));
  return sum / eta[0]!.length;
}

/** Gradient and negative Hessian of `mean log likelihood + barrier · mean log gap`: `[size]` and `[size, size]`. */
export function scoreAndInformation(
  design: Design,
  layout: Layout,
  eta: readonly Float64Array[],
  barrier = 0,
): { score: Float64Array; information: Float64Array } {
  const { n, d } = design;
  const { cuts } = layout;
  const slopes = eta.map(() => new Float64Array(n)); // ∂ / ∂ η_k, over n
  const own = eta.map(() => new Float64Array(n)); // -∂² / ∂ η_k²
  const next = eta.map(() => new Float64Array(n)); // -∂² / ∂ η_k ∂ η_{k+1}
  const row = new Float64Array(cuts);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < cuts; k++) row[k] = eta[k]![i]!;
    const code = design.codes[i]!;
    const p = classProbability(row, code);
    // The class lies between the cuts `code - 1` and `code`; with f the density, f' = f (1 - 2 sigmoid).
    let below = 0;
    if (code > 0) {
      const s = sigmoid(row[code - 1]!);
      const f = s * sigmoid(-row[code - 1]!);
      below = f / p;
      slopes[code - 1]![i] = -below / n;
      own[code - 1]![i] = (below ** 2 + below * (1 - 2 * s)) / n;
    }
    if (code < cuts) {
      const s = sigmoid(row[code]!);
      const above = (s * sigmoid(-row[code]!)) / p;
      slopes[code]![i] = above / n;
      own[code]![i] = (above ** 2 - above * (1 - 2 * s)) / n;
      if (code > 0) next[code - 1]![i] = (-above * below) / n;
    }
    for (let k = 1; barrier > 0 && k < cuts; k++) {
      const gap = row[k]! - row[k - 1]!;
      slopes[k]![i]! += barrier / gap / n;
      slopes[k - 1]![i]! -= barrier / gap / n;
      own[k]![i]! += barrier / gap ** 2 / n;
      own[k - 1]![i]! += barrier / gap ** 2 / n;
      next[k - 1]![i]! -= barrier / gap ** 2 / n;
    }
  }
  const gram = (weights: Float64Array) => {
    const out = new Float64Array((d + 1) * (d + 1));
    weightedGram(design.z, d + 1, weights, out);
    for (let a = 0; a <= d; a++) for (let b = 0; b < a; b++) out[b * (d + 1) + a] = out[a * (d + 1) + b]!;
    return out;
  };
  return {
    score: gatherScore(design, layout, slopes),
    information: gatherInformation(d, layout, own.map(gram), next.slice(0, cuts - 1).map(gram)),
  };
}

/** The score of `θ` from `∂/∂η`: `ψ_j` moves every cut from `j` on, so its score is a sum over them. */
function gatherScore(
  { z, n, d }: Design,
  { cuts, blocks, size }: Layout,
  slopes: readonly Float64Array[],
): Float64Array {
  const score = new Float64Array(size);
  for (let k = 0; k < cuts; k++) {
    const own = new Float64Array(d + 1);
    const weights = slopes[k]!;
    for (let i = 0; i < n; i++) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      const row = i * (d + 1);
      for (let j = 0; j <= d; j++) own[j]! += weight * z[row + j]!;
    }
    score[k] = own[0]!;
    for (let block = 0; block <= Math.min(k, blocks - 1); block++)
      for (let j = 0; j < d; j++) score[cuts + block * d + j]! += own[1 + j]!;
  }
  return score;
}

/**
 * The information of `θ` from that of `(a_k, b_k)`, which is block tridiagonal: `ψ_j` moves every `b_k` with `k ≥ j`, so
 * its blocks are sums over the cuts from `j` on.
 */
function gatherInformation(
  d: number,
  { cuts, blocks, size }: Layout,
  own: readonly Float64Array[],
  next: readonly Float64Array[],
): Float64Array {
  const out = new Float64Array(size * size);
  const width = d + 1;
  const set = (a: number, b: number, value: number) => (out[a * size + b] = out[b * size + a] = value);
  const between = (k: number, l: number) =>
    k === l ? own[k] : Math.abs(k - l) === 1 ? next[Math.min(k, l)] : undefined;
  const sums = (parts: (Float64Array | undefined)[]) => {
    const total = new Float64Array(width * width);
    for (const part of parts) part?.forEach((value, e) => (total[e]! += value));
    return total;
  };
  for (let k = 0; k < cuts; k++) {
    set(k, k, own[k]![0]!);
    if (k + 1 < cuts) set(k, k + 1, next[k]![0]!);
    for (let block = 0; block < blocks; block++) {
      const total = sums([k - 1, k, k + 1].filter((l) => l >= block && l < cuts).map((l) => between(k, l)));
      for (let j = 0; j < d; j++) set(k, cuts + block * d + j, total[1 + j]!);
    }
  }
  for (let second = 0; second < blocks; second++) {
    const tail = sums([...own.slice(second), ...next.slice(second), ...next.slice(second)]);
    const joined = second > 0 ? sums([tail, next[second - 1]]) : tail;
    for (let first = 0; first <= second; first++) {
      const source = first < second ? joined : tail;
      for (let a = 0; a < d; a++)
        for (let b = 0; b < d; b++)
          set(cuts + first * d + a, cuts + second * d + b, source[(1 + a) * width + 1 + b]!);
    }
  }
  return out;
}
