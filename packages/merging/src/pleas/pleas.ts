import type { LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import type { Key } from '@weightloom/tensor-gpu';
import type { ActivationSource } from '../align/activation-matching.js';
import { activationSimilarity } from '../align/internal/activation-similarity.js';
import { bestPairs } from '../align/internal/best-pairs.js';
import type { ResolvedSpec } from '../align/internal/resolve-spec.js';
import { specFor } from '../align/internal/spec-for.js';
import { weightSimilarity } from '../align/internal/weight-similarity.js';
import type { Permutations, PermutationSpec } from '../align/permutation-spec.js';
import { matchWeights } from '../align/weight-matching.js';
import { checkNumber } from '../internal/check-number.js';
import { chooseSeparate } from './choose-separate.js';
import { fitLayers } from './internal/fit-layers.js';
import { partialMerge } from './partial-merge.js';

export interface PleasOptions
  extends LongWorkOptions, Pick<ActivationSource, 'apply' | 'inputs' | 'batchSize'> {
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** The part of each group's pairs that stay apart, for all groups or by group, 0 to 1; default 0: the width of one model. */
  readonly ratio?: number | Readonly<Record<string, number>>;
  /** What pairs units: their activations on `inputs` (default, by distance), or the weights, which needs `key`. */
  readonly match?: 'activations' | 'weights';
  /** Decides in which order groups are matched by weights. */
  readonly key?: Key;
  /** Ridge, as a part of the mean of the diagonal of `XᵀX`; above 0; default 1e-3. */
  readonly ridge?: number;
}

/** What {@link pleas} gives. */
export interface Pleas {
  /** The merged model; build it for `widths`. */
  readonly params: StateDict;
  /** The same before least squares. */
  readonly averaged: StateDict;
  /** Units of each group. */
  readonly widths: Readonly<Record<string, number>>;
  readonly permutations: Permutations;
  /** Units of `a` that stay apart from their partners, by group. */
  readonly separate: Readonly<Record<string, Int32Array>>;
}

/**
 * PLeaS: merges two models by partial permutations and least squares.
 *
 * 1. Units are paired; of each group the part `ratio` that is least alike stays apart ({@link partialMerge}).
 * 2. Each linear layer and convolution is solved anew, on its own: its inputs are the means of what merged units see in `a` and in `b`,
 *    and what separate units see in their own model; its targets are made in the same way of the layer's outputs. `min ‖X W + b - Y‖²` with a
 *    small ridge; weights between separate units of `a` and of `b` stay 0.
 *
 * With inputs of no task in particular this is "PLeaS-free". Batch norm moves along; call {@link resetBatchNorm} on the result, in a model
 * of the new widths.
 *
 * @param a - the model whose order of units is kept
 * @param b - same names, shapes and dtypes
 * @throws {RangeError} for a spec that does not fit, a ratio outside 0 to 1, a ridge that is not above 0, and matching by weights
 *   without a key
 * @see Nasery et al. 2025, "PLeaS: Merging Models with Permutations and Least Squares", arXiv:2407.02447; solved in closed form where the
 *   reference code descends by gradients
 */
export async function pleas(a: StateDict, b: StateDict, options: PleasOptions): Promise<Pleas> {
  const { spec = 'auto', ratio = 0, ridge = 1e-3 } = options;
  checkNumber('pleas', 'ridge', ridge, Number.MIN_VALUE);
  assertSameStructure([a, b], { where: 'pleas', labels: ['a', 'b'] });
  const resolved = specFor('pleas', a, spec);
  const { permutations, similarities } = await pair(a, b, resolved, options);
  const separate = Object.fromEntries(
    [...resolved.groups.keys()].map((group) => {
      const own = typeof ratio === 'number' ? ratio : (ratio[group] ?? 0);
      checkNumber('pleas', `the ratio of ${JSON.stringify(group)}`, own, 0, 1);
      return [group, chooseSeparate(similarities[group]!, own)] as const;
    }),
  );
  const merge = { spec: spec === 'auto' ? ('auto' as const) : spec, permutations, separate };
  const averaged = partialMerge(a, b, merge);
  const params = await fitLayers(averaged, [a, b], resolved, { permutations, separate, ridge }, options);
  const widths = Object.fromEntries(
    [...resolved.groups].map(([group, { size }]) => [group, size + separate[group]!.length]),
  );
  return { params, averaged, widths, permutations, separate };
}

async function pair(a: StateDict, b: StateDict, spec: ResolvedSpec, options: PleasOptions) {
  const { match = 'activations', key, signal } = options;
  const permutations: Record<string, Int32Array> = {};
  const similarities: Record<string, Float64Array> = {};
  const add = (group: string, values: ArrayLike<number>, columns: Int32Array) => {
    permutations[group] = columns;
    similarities[group] = Float64Array.from(columns, (column, i) => values[i * columns.length + column]!);
  };
  if (match === 'weights') {
    if (!key) throw new RangeError('pleas: expected a key to match weights, received none');
    const found = await matchWeights('pleas', a, b, spec, { key, signal });
    const similarity = weightSimilarity(a, b, spec);
    for (const [group, columns] of Object.entries(found.permutations)) {
      add(group, await similarity(group, found.permutations), columns);
    }
  } else {
    const found = await activationSimilarity('pleas', [a, b], spec, options, 'distance');
    for (const [group, values] of found) {
      const { size } = spec.groups.get(group)!;
      add(group, values, bestPairs('pleas', group, values, size).columns);
    }
  }
  return { permutations, similarities };
}
