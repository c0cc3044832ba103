import type { ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkChoice, checkNumber, isDensity, perModel } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import type { TaskVectorOptions } from './internal/options.js';
import { rankRow } from './internal/rank-row.js';
import { rankSparsifier, type Sparsifier } from './internal/sparsifier.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface BreadcrumbsOptions extends TaskVectorOptions {
  /** Fraction of the changes that is kept, in (0, 1]: one number, or one per model (default 1: all). */
  readonly density?: number | readonly number[];
  /** Fraction of the largest changes that is dropped, in [0, 1): one number, or one per model (default 0.01). */
  readonly gamma?: number | readonly number[];
  /**
   * Among what the largest and smallest changes are looked for:
   * - `'tensor'` (default): in each whole tensor, as mergekit does;
   * - `'row'`: in each row along the last axis, as the paper's code does. There `⌊gamma · n⌋` are dropped first and the
   *   `⌊density · n⌋` next ones kept, of n in a row; scalars and rows of one are kept whole. The paper starts its search from `density` 0.15,
   *   `gamma` 0.006 and `lambda` 0.2.
   */
  readonly along?: 'tensor' | 'row';
  /** `'mergekit'`: lose a tensor's whole change where `⌊gamma · n⌋` is 0, as mergekit 0.1.4 does. */
  readonly compat?: 'mergekit';
}

/**
 * Model breadcrumbs: drops the largest changes, as outliers, and the smallest, as noise; sums the others onto the base.
 *
 * Of the n changes `dᵢ = wᵢ - w₀` of each tensor, `k = ⌊density · n⌋` are kept: those below the `⌊gamma · n⌋` largest by
 * `|dᵢ|`, as far as there are as many. `out = w₀ + λ Σ aᵢ dᵢ` over what is kept, divided by `Σ aᵢ` when `normalize` is set
 * (default `false`). With density 1 nothing is dropped (along whole tensors).
 *
 * That is mergekit's rule; the paper's is `along: 'row'`. With `gamma` 0 the changes are only trimmed, as in TIES; with `density`
 * `1 - gamma` only the largest are dropped.
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @throws {RangeError} without models, for density outside (0, 1] or gamma outside [0, 1)
 * @see Davari and Belilovsky 2024, "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
 *   arXiv:2312.06795
 */
export async function breadcrumbs(
  base: StateDict,
  models: readonly StateDict[],
  options: BreadcrumbsOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(breadcrumbsMethod(models.length, options), base, models);
}

/**
 * Breadcrumbs with the sign vote of TIES: as {@link breadcrumbs}, but only those of the kept changes count whose sign is
 * that of their weighted sum (`+` where it is 0).
 */
export async function breadcrumbsTies(
  base: StateDict,
  models: readonly StateDict[],
  options: BreadcrumbsOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(breadcrumbsTiesMethod(models.length, options), base, models);
}

export const breadcrumbsMethod = (count: number, options: BreadcrumbsOptions = {}): ChunkedMethod =>
  breadcrumbsLike('breadcrumbs', 'none', count, options);

export const breadcrumbsTiesMethod = (count: number, options: BreadcrumbsOptions = {}): ChunkedMethod =>
  breadcrumbsLike('breadcrumbsTies', 'positive', count, options);

function breadcrumbsLike(
  name: string,
  vote: 'none' | 'positive',
  count: number,
  options: BreadcrumbsOptions,
): ChunkedMethod {
  const { density = 1, gamma = 0.01, along = 'tensor', lambda = 1, normalize = false, compat } = options;
  const densities = perModel(name, 'density', density, count, isDensity);
  const gammas = perModel(name, 'gamma', gamma, count, {
    is: (value) => value >= 0 && value < 1,
    expected: 'from 0 to below 1',
  });
  const weights = checkWeights(name, options.weights, count, normalize && vote === 'none');
  checkNumber(name, 'lambda', lambda);
  checkChoice(name, 'along', along, ['tensor', 'row']);
  return taskVectorMethod({
    name,
    granularity: along === 'row' ? 'row' : 'element',
    weights,
    lambda,
    normalize,
    vote,
    sparsify([tensor], i) {
      const { size, shape } = tensor!;
      if (along === 'row') return rowSparsifier(shape.at(-1) ?? 1, densities[i]!, gammas[i]!);
      if (densities[i] === 1) return rankSparsifier(size, 0, size);
      const kept = Math.floor(densities[i]! * size);
      const largest = Math.min(Math.floor(gammas[i]! * size), size - kept);
      if (compat === 'mergekit' && largest === 0) return rankSparsifier(size, 0, 0);
      return rankSparsifier(size, size - kept - largest, size - largest);
    },
  });
}

/** Keeps the middle of every `length` changes: drops the largest share `gamma`, then keeps the largest share `density` of the rest. */
function rowSparsifier(length: number, density: number, gamma: number): Sparsifier {
  const dropped = length === 1 ? 0 : Math.floor(gamma * length);
  const kept = length === 1 ? 1 : Math.min(Math.floor(density * length), length - dropped);
  const [from, to] = [length - dropped - kept, length - dropped];
  return {
    passes: [],
    walk: () => (change) => {
      const values = change.values();
      for (let start = 0; start < values.length; start += length) {
        const row = values.subarray(start, start + length);
        rankRow(row).forEach((rank, j) => {
          if (rank < from || rank >= to) row[j] = 0;
        });
      }
      return values;
    },
  };
}
