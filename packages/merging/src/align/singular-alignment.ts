import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import { reshape, svd, tidy, type Tensor } from '@weightloom/tensor-gpu';
import { checkCount, checkNumber } from '../internal/check-number.js';
import { isStatistic } from './internal/is-statistic.js';

export interface SingularAlignmentOptions {
  /** Leave out singular values below `gamma` times the layer's largest, in each model; from 0 to 1; default 0. */
  readonly gamma?: number;
  /** Size of the block of leading singular directions; default 5. */
  readonly top?: number;
}

/** How the singular vectors of one weight matrix lie to those of another. */
export interface LayerAlignment {
  readonly name: string;
  /** `R`: over the pairs that count, divided by their number. */
  readonly alignment: number;
  /** Singular values that count, in `a` and in `b`. */
  readonly ranks: readonly [number, number];
  /** `R` over the leading `top` directions of each, whatever their singular values. */
  readonly leading: number;
  /** `‖W_a - W_b‖₂` of all entries. */
  readonly distance: number;
  /** Of `a` and of `b`, descending. */
  readonly singularValues: readonly [Float32Array, Float32Array];
}

export interface SingularAlignment {
  /** `R_γ`: over all layers, pairs and numbers added up before they are divided. */
  readonly alignment: number;
  readonly layers: readonly LayerAlignment[];
  /** `‖θ_a - θ_b‖₂` over all weights and biases. */
  readonly distance: number;
}

/**
 * How well the singular vectors of two models' weight matrices are aligned.
 *
 * With `W = Σᵢ sᵢ uᵢ vᵢᵀ`, `⟨W_a, W_b⟩ = Σᵢⱼ sᵢᵃ sⱼᵇ (uᵢᵃ·uⱼᵇ)(vᵢᵃ·vⱼᵇ)`; permutations leave the `s` and turn the vectors, so weight matching raises
 * this sum by aligning those with large values. `R_γ = Σ_l Σᵢⱼ (uᵢᵃ·uⱼᵇ)(vᵢᵃ·vⱼᵇ) / Σ_l n_l` over the pairs whose values both reach `γ` times the
 * layer's largest; `n_l` is the geometric mean of how many those are, so that `R_γ(θ, θ) = 1`. Convolutions count as matrices
 * `[out, in · kh · kw]`.
 *
 * @param a - tensors of two axes or more are looked at, biases count for `distance`
 * @param b - same names and shapes
 * @throws {RangeError} for `gamma` outside 0 to 1, and models without a weight matrix
 * @see Ito, Yamada and Kumagai 2025, "Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching", arXiv:2402.04051;
 *   normalisation and thresholds may differ from theirs
 */
export async function singularAlignment(
  a: StateDict,
  b: StateDict,
  { gamma = 0, top = 5 }: SingularAlignmentOptions = {},
): Promise<SingularAlignment> {
  const where = 'singularAlignment';
  checkNumber(where, 'gamma', gamma, 0, 1);
  checkCount(where, 'top', top);
  assertSameStructure([a, b], { where, labels: ['a', 'b'] });
  const names = Object.keys(a)
    .filter((name) => !isStatistic(name) && a[name]!.dtype === 'float32')
    .sort();
  const layers: (LayerAlignment & { sum: number; count: number })[] = [];
  let square = 0;
  for (const name of names) {
    const [valuesA, valuesB] = [await a[name]!.data(), await b[name]!.data()] as Float32Array[];
    let distance = 0;
    for (let i = 0; i < valuesA!.length; i++) distance += (valuesA![i]! - valuesB![i]!) ** 2;
    square += distance;
    if (a[name]!.rank < 2) continue;
    const [own, other] = [await decompose(a[name]!), await decompose(b[name]!)] as const;
    const ranks = [own, other].map(({ s }) => s.filter((value) => value >= gamma * s[0]!).length) as [
      number,
      number,
    ];
    const sum = blockSum(own, other, ranks[0], ranks[1]);
    const count = Math.sqrt(ranks[0] * ranks[1]);
    const k = Math.min(top, own.s.length);
    layers.push({
      name,
      alignment: sum / count,
      ranks,
      leading: blockSum(own, other, k, k) / k,
      distance: Math.sqrt(distance),
      singularValues: [own.s, other.s],
      sum,
      count,
    });
  }
  if (layers.length === 0) {
    throw new RangeError(`${where}: expected at least one weight matrix, received none`);
  }
  const total = (key: 'sum' | 'count') => layers.reduce((all, layer) => all + layer[key], 0);
  return {
    alignment: total('sum') / total('count'),
    layers: layers.map(({ sum: _sum, count: _count, ...layer }) => layer),
    distance: Math.sqrt(square),
  };
}

interface Decomposition {
  readonly u: Float32Array;
  readonly s: Float32Array;
  readonly vt: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

async function decompose(weight: Tensor): Promise<Decomposition> {
  const [rows, columns] = [weight.shape[0]!, weight.size / weight.shape[0]!];
  const { u, s, vt } = tidy(() => {
    const found = svd(reshape(weight, [rows, columns]));
    return { u: found.u, s: found.s, vt: found.vt };
  });
  const [left, values, right] = (await Promise.all([u, s, vt].map((t) => t.data()))) as Float32Array[];
  for (const t of [u, s, vt]) t.dispose();
  return { u: left!, s: values!, vt: right!, rows, columns };
}

/** `Σ (uᵢᵃ·uⱼᵇ)(vᵢᵃ·vⱼᵇ)` for i < m and j < n. */
function blockSum(a: Decomposition, b: Decomposition, m: number, n: number): number {
  const k = a.s.length;
  let total = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [left, right] = [0, 0];
      for (let r = 0; r < a.rows; r++) left += a.u[r * k + i]! * b.u[r * k + j]!;
      for (let c = 0; c < a.columns; c++) right += a.vt[i * a.columns + c]! * b.vt[j * a.columns + c]!;
      total += left * right;
    }
  }
  return total;
}
