import type { ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkChoice, checkNumber, isDensity, perModel } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import { rankSparsifier } from './internal/sparsifier.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface TiesMergeOptions {
  /** Fraction of the changes that is kept, in (0, 1]: one number, or one per model (default 0.2). */
  readonly density?: number | readonly number[];
  /** One weight per model (default 1 each); any finite numbers. */
  readonly weights?: readonly number[];
  /** Scale of the merged change (default 1). */
  readonly lambda?: number;
  /** Divide each sum by the weights that went into it, which makes it a mean (default `true`). */
  readonly normalize?: boolean;
  /**
   * Over what the largest changes are looked for:
   * - `'tensor'` (default): in each tensor, as mergekit does;
   * - `'model'`: in the whole model, as in the paper; where votes cancel exactly, the majority of all signs decides.
   */
  readonly trim?: 'tensor' | 'model';
}

/**
 * TIES: trims small changes, elects a sign for every weight, and averages the changes that agree with it.
 *
 * With `dᵢ = wᵢ - w₀`: keep the `⌊density · n⌋` largest `|dᵢ|` (of equal ones the first in order) and zero the others;
 * `pᵢ = aᵢ dᵢ`; the elected sign is `+` where `Σ pᵢ ≥ 0`, else `-`; keep the `pᵢ` that have it (zeros have none);
 * `out = w₀ + λ Σ kept pᵢ / Σ their aᵢ`.
 *
 * Weights and `trim: 'tensor'` are mergekit's; the paper has no weights, and trims over the whole model (`trim: 'model'`).
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @returns a new state dict with that structure
 * @throws {RangeError} without models, for a density outside (0, 1], weights or `lambda` that are not finite
 * @see Yadav et al. 2023, "TIES-Merging: Resolving Interference When Merging Models", arXiv:2306.01708
 */
export async function tiesMerge(
  base: StateDict,
  models: readonly StateDict[],
  options: TiesMergeOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(tiesMethod(models.length, options), base, models);
}

/** `tiesMerge` for the base and `count` models. */
export function tiesMethod(count: number, options: TiesMergeOptions = {}): ChunkedMethod {
  const name = 'tiesMerge';
  const { density = 0.2, lambda = 1, normalize = true, trim = 'tensor' } = options;
  const densities = perModel(name, 'density', density, count, isDensity);
  const weights = checkWeights(name, options.weights, count, false);
  checkNumber(name, 'lambda', lambda);
  checkChoice(name, 'trim', trim, ['tensor', 'model']);
  return taskVectorMethod({
    name,
    scope: trim,
    weights,
    lambda,
    normalize,
    vote: trim === 'model' ? 'majority' : 'positive',
    sparsify(tensors, i) {
      const size = tensors.reduce((total, tensor) => total + tensor.size, 0);
      return rankSparsifier(size, size - Math.floor(densities[i]! * size), size);
    },
  });
}
