import type { ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkNumber, isDensity, perModel } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import type { TaskVectorOptions } from './internal/options.js';
import { rankSparsifier } from './internal/sparsifier.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface BreadcrumbsOptions extends TaskVectorOptions {
  /** Fraction of the changes that is kept, in (0, 1]: one number, or one per model (default 1: all). */
  readonly density?: number | readonly number[];
  /** Fraction of the largest changes that is dropped, in [0, 1): one number, or one per model (default 0.01). */
  readonly gamma?: number | readonly number[];
  /** `'mergekit'`: lose a tensor's whole change where `⌊gamma · n⌋` is 0, as mergekit 0.1.4 does. */
  readonly compat?: 'mergekit';
}

/**
 * Model breadcrumbs: drops the largest changes, as outliers, and the smallest, as noise; sums the others onto the base.
 *
 * Of the n changes `dᵢ = wᵢ - w₀` of each tensor, `k = ⌊density · n⌋` are kept: those below the `⌊gamma · n⌋` largest by
 * `|dᵢ|`, as far as there are as many. `out = w₀ + λ Σ aᵢ dᵢ` over what is kept, divided by `Σ aᵢ` when `normalize` is set
 * (default `false`). With density 1 nothing is dropped.
 *
 * The paper drops and keeps along the last axis, row by row; this is mergekit's rule, over the whole tensor.
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
  const { density = 1, gamma = 0.01, lambda = 1, normalize = false, compat } = options;
  const densities = perModel(name, 'density', density, count, isDensity);
  const gammas = perModel(name, 'gamma', gamma, count, {
    is: (value) => value >= 0 && value < 1,
    expected: 'from 0 to below 1',
  });
  const weights = checkWeights(name, options.weights, count, normalize && vote === 'none');
  checkNumber(name, 'lambda', lambda);
  return taskVectorMethod({
    name,
    weights,
    lambda,
    normalize,
    vote,
    sparsify([tensor], i) {
      const { size } = tensor!;
      if (densities[i] === 1) return rankSparsifier(size, 0, size);
      const kept = Math.floor(densities[i]! * size);
      const largest = Math.min(Math.floor(gammas[i]! * size), size - kept);
      if (compat === 'mergekit' && largest === 0) return rankSparsifier(size, 0, 0);
      return rankSparsifier(size, size - kept - largest, size - largest);
    },
  });
}
