import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import { EigenvalueDecomposition, Matrix as DenseMatrix } from 'ml-matrix';
import type { CandidateBasis, Candidates } from './candidate-basis.js';
import { candidateBasis } from './candidate-basis.js';
import { drawIndices, sampleProjectionDpp } from './projection-dpp.js';

/**
 * How points are drawn.
 * - `iid`: from `μ`, all weights 1 (the baseline).
 * - `optimal`: independently with density `‖φ(x)‖²/m` with respect to `μ`.
 * - `volume`: `m` points from the projection DPP, the rest as `optimal` (generalised volume sampling), in random order.
 * - `repeatedDpp`: `n/m` independent draws of the projection DPP.
 */
export type DesignMethod = 'iid' | 'optimal' | 'volume' | 'repeatedDpp';

export interface DrawOptions {
  /** Number of points `n`, at least `m`; a multiple of `m` for `repeatedDpp`. */
  readonly count: number;
  /** Default `repeatedDpp`, the paper's recommendation. */
  readonly method?: DesignMethod | undefined;
  /** Draw again until `λ_min(G)` is at least this, in [0, 1); `1 - δ` in the paper. Default 0: the first draw counts. */
  readonly minEigenvalue?: number | undefined;
  /** How often to draw before giving up; default 100. */
  readonly maxDraws?: number | undefined;
  readonly key: Key;
}

export interface SampledDesign {
  /** Chosen candidates, `[n]`; may repeat. */
  readonly indices: Int32Array;
  /** Weights of the least-squares fit, `w(x) = m/‖φ(x)‖²` (1 for `iid`), `[n]`. */
  readonly weights: Float64Array;
  /** Smallest and largest eigenvalue of `G = (1/n) Σ w φ φᵀ`, whose expectation is the identity. */
  readonly smallestEigenvalue: number;
  readonly largestEigenvalue: number;
  /** Draws it took. */
  readonly draws: number;
}

export interface SampleDesignOptions extends Candidates, DrawOptions {}

/**
 * Chooses where to evaluate a function for a weighted least-squares fit in the span of `m` features.
 *
 * Features are made orthonormal in `L²(μ)` first, so any basis of the space will do. With `volume` the unconditioned
 * fit is unbiased for the `L²(μ)` projection; `repeatedDpp` is stabler for the same number of points. Candidates with
 * zero features are never drawn except by `iid`.
 *
 * @throws {RangeError} for fewer points than features, a number of points that is no multiple of `m` in `repeatedDpp`,
 *   dependent features (named), a negative measure, or when no draw reached `minEigenvalue`
 * @see Nouy, Michel 2023, arXiv:2312.14057
 */
export function sampleDesign(options: SampleDesignOptions): SampledDesign {
  return drawDesign('sampleDesign', candidateBasis('sampleDesign', options), options);
}

/**
 * {@link sampleDesign} for many draws from the same candidates: they are made orthonormal once.
 *
 * @returns draws a design
 */
export function designSampler(candidates: Candidates): (options: DrawOptions) => SampledDesign {
  const basis = candidateBasis('designSampler', candidates);
  return (options) => drawDesign('designSampler', basis, options);
}

function drawDesign(where: string, basis: CandidateBasis, options: DrawOptions): SampledDesign {
  const { count, method = 'repeatedDpp', minEigenvalue = 0, maxDraws = 100 } = options;
  const draw = SAMPLERS[method];
  if (draw === undefined)
    throw new RangeError(
      `${where}: method is "${method}", expected one of ${Object.keys(SAMPLERS).join(', ')}`,
    );
  if (!(Number.isInteger(count) && count >= basis.size))
    throw new RangeError(
      `${where}: count is ${count}, expected an integer of at least the ${basis.size} features`,
    );
  if (method === 'repeatedDpp' && count % basis.size !== 0)
    throw new RangeError(
      `${where}: count is ${count}, expected a multiple of the ${basis.size} features for repeatedDpp`,
    );
  if (!(minEigenvalue >= 0 && minEigenvalue < 1))
    throw new RangeError(`${where}: minEigenvalue is ${minEigenvalue}, expected a number from 0 to below 1`);
  if (!(Number.isInteger(maxDraws) && maxDraws >= 1))
    throw new RangeError(`${where}: maxDraws is ${maxDraws}, expected an integer above 0`);
  const random = generator(options.key);
  let best = 0;
  for (let draws = 1; draws <= maxDraws; draws++) {
    const indices = draw(basis, count, random);
    const weights = Float64Array.from(indices, (c) =>
      method === 'iid' ? 1 : (basis.size * basis.measure[c]!) / basis.leverage[c]!,
    );
    const [smallest, largest] = stability(basis, indices, weights);
    if (smallest >= minEigenvalue)
      return { indices, weights, smallestEigenvalue: smallest, largestEigenvalue: largest, draws };
    best = Math.max(best, smallest);
  }
  throw new RangeError(
    `${where}: none of ${maxDraws} draws reached a smallest eigenvalue of ${minEigenvalue} (best ${best}): raise count`,
  );
}

type Sampler = (basis: CandidateBasis, count: number, random: ReturnType<typeof generator>) => Int32Array;

const SAMPLERS: Record<DesignMethod, Sampler> = {
  iid: ({ measure }, count, random) => drawIndices(measure, count, random),
  optimal: ({ leverage }, count, random) => drawIndices(leverage, count, random),
  volume(basis, count, random) {
    const points = [
      ...sampleProjectionDpp(basis, random),
      ...SAMPLERS.optimal(basis, count - basis.size, random),
    ];
    return Int32Array.from(random.permutation(count), (place) => points[place]!);
  },
  repeatedDpp(basis, count, random) {
    const out = new Int32Array(count);
    for (let start = 0; start < count; start += basis.size)
      out.set(sampleProjectionDpp(basis, random), start);
    return out;
  },
};

/** The extreme eigenvalues of `G`. */
function stability(
  { size, rows, measure }: CandidateBasis,
  indices: Int32Array,
  weights: Float64Array,
): [number, number] {
  const g = DenseMatrix.zeros(size, size);
  indices.forEach((c, i) => {
    const weight = weights[i]! / measure[c]! / indices.length;
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        g.set(a, b, g.get(a, b) + weight * rows[c * size + a]! * rows[c * size + b]!);
  });
  const eigenvalues = new EigenvalueDecomposition(g, { assumeSymmetric: true }).realEigenvalues;
  return [Math.max(0, Math.min(...eigenvalues)), Math.max(...eigenvalues)];
}
