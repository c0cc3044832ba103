import { blockRandom, type ChunkedMethod, type ChunkedTensor, type StateDict } from '@weightloom/state-dict';
import { foldIn, type Key } from '@weightloom/tensor-gpu';
import { checkKey } from './dare.js';
import { checkChoice, checkNumber, isDensity, perModel } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import type { RandomOptions, TaskVectorOptions } from './internal/options.js';
import { rankRow } from './internal/rank-row.js';
import { keepL1 } from './internal/rescale.js';
import type { Sparsifier } from './internal/sparsifier.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface DellaOptions extends TaskVectorOptions, RandomOptions {
  /** Mean probability with which a change is kept, in (0, 1]: one number, or one per model (default 1). */
  readonly density?: number | readonly number[];
  /**
   * How far the probability of the largest change of a row is above `density`, and that of the smallest below it: one
   * number, or one per model (default 0.15). `density ± epsilon` must lie within (0, 1), unless density is 1: nothing is
   * dropped then.
   */
  readonly epsilon?: number | readonly number[];
  /**
   * What kept changes are multiplied by:
   * - `'probability'` (default): one over the probability with which each was kept, as in the paper;
   * - `'l1'`: the factor that keeps `Σ |d|` of the tensor, as mergekit does;
   * - `'none'`: nothing.
   */
  readonly rescale?: 'probability' | 'l1' | 'none';
}

/**
 * DELLA: drops changes at random, small ones rather than large ones, elects signs, and averages those that agree.
 *
 * In each row of `dᵢ = wᵢ - w₀` (one index of the first axis; tensors of rank 0 and 1 are one row) of length n, the change
 * with ascending rank r = 1 … n of `|d|` is kept with probability `density - ε + 2ε (r-1)/(n-1)`, and divided by it; then
 * as `tiesMerge`, with `normalize` (default `true`). A row of one is kept with probability `density`.
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @throws {RangeError} without models or key, for a density outside (0, 1], `density ± epsilon` outside (0, 1)
 * @see Deep et al. 2024, "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling",
 *   arXiv:2406.11617
 */
export async function della(
  base: StateDict,
  models: readonly StateDict[],
  options: DellaOptions,
): Promise<StateDict> {
  return mergeOntoBase(dellaMethod(models.length, options), base, models);
}

/** DELLA without the vote: as {@link della}, but all kept changes are summed, and `normalize` is `false` by default. */
export async function dellaLinear(
  base: StateDict,
  models: readonly StateDict[],
  options: DellaOptions,
): Promise<StateDict> {
  return mergeOntoBase(dellaLinearMethod(models.length, options), base, models);
}

export const dellaMethod = (count: number, options: DellaOptions): ChunkedMethod =>
  dellaLike('della', 'positive', count, { normalize: true, ...options });

export const dellaLinearMethod = (count: number, options: DellaOptions): ChunkedMethod =>
  dellaLike('dellaLinear', 'none', count, { normalize: false, ...options });

function dellaLike(
  name: string,
  vote: 'none' | 'positive',
  count: number,
  options: DellaOptions & { readonly normalize: boolean },
): ChunkedMethod {
  const { density = 1, epsilon = 0.15, lambda = 1, normalize, rescale = 'probability' } = options;
  const key = checkKey(name, options.key);
  const densities = perModel(name, 'density', density, count, isDensity);
  const epsilons = checkEpsilons(name, epsilon, densities);
  const weights = checkWeights(name, options.weights, count, normalize && vote === 'none');
  checkNumber(name, 'lambda', lambda);
  checkChoice(name, 'rescale', rescale, ['probability', 'l1', 'none']);
  return taskVectorMethod({
    name,
    granularity: 'row',
    weights,
    lambda,
    normalize,
    vote,
    sparsify([tensor], i) {
      const masks = byMagnitude(tensor!, {
        key: foldIn(foldIn(key, i), tensor!.name),
        density: densities[i]!,
        epsilon: epsilons[i]!,
        divide: rescale === 'probability',
      });
      return rescale === 'l1' ? keepL1(masks) : masks;
    },
  });
}

function checkEpsilons(
  name: string,
  epsilon: number | readonly number[],
  densities: readonly number[],
): readonly number[] {
  const epsilons = perModel(name, 'epsilon', epsilon, densities.length, {
    is: (value) => value >= 0 && value < 1,
    expected: 'from 0 to below 1',
  });
  epsilons.forEach((value, i) => {
    const density = densities[i]!;
    if (value === 0 || density === 1 || (density - value > 0 && density + value < 1)) return;
    throw new RangeError(
      `${name}: expected density ± epsilon of models[${i}] to lie within 0 and 1, received ${density} ± ${value}`,
    );
  });
  return epsilons;
}

interface ByMagnitude {
  readonly key: Key;
  readonly density: number;
  readonly epsilon: number;
  /** Divide what is kept by the probability with which it was. */
  readonly divide: boolean;
}

function byMagnitude(
  { shape, size }: ChunkedTensor,
  { key, density, epsilon, divide }: ByMagnitude,
): Sparsifier {
  const rowLength = shape.length < 2 ? size : size / shape[0]!;
  return {
    passes: [],
    walk: () => (change) => {
      const values = change.values();
      if (density === 1) return values;
      const random = blockRandom(key, change.block.begin);
      const step = rowLength > 1 ? (2 * epsilon) / (rowLength - 1) : 0;
      const lowest = rowLength > 1 ? density - epsilon : density;
      for (let from = 0; from < values.length; from += rowLength) {
        dropByRank(values.subarray(from, from + rowLength), random, lowest, step, divide);
      }
      return values;
    },
  };
}

/** Keeps each change with probability `lowest + step · rank`. */
function dropByRank(
  row: Float64Array,
  random: () => number,
  lowest: number,
  step: number,
  divide: boolean,
): void {
  const ranks = rankRow(row);
  for (let j = 0; j < row.length; j++) {
    const probability = lowest + step * ranks[j]!;
    if (random() >= probability) row[j] = 0;
    else if (divide) row[j] = row[j]! / probability;
  }
}
