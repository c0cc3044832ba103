import { assertSameStructure, mapTensors, type StateDict } from '@weightloom/state-dict';
import type { PermutationSpec, Permutations } from '../align/permutation-spec.js';
import { checkPermutations } from '../align/permute.js';
import { specFor } from '../align/internal/spec-for.js';
import { checkSeparate, joinTensor, unitsOf } from './internal/join-units.js';

export interface PartialMergeOptions {
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** Partners by group, as matching gives them: unit `permutations[group][i]` of `b` goes with unit `i` of `a`. */
  readonly permutations: Permutations;
  /** Units of `a` that stay apart from their partners, by group; default none. */
  readonly separate?: Readonly<Record<string, ArrayLike<number>>>;
}

/**
 * Merges two models unit by unit: pairs become one unit, others stay side by side, so that a group of `n` units with `s` pairs apart
 * has `n + s`: first the merged ones, then those of `a`, then those of `b`.
 *
 * With outputs `(m, s₁, s₂)` and inputs `(m, s₁, s₂)`, weights are `[m, m] = (W₁ + W₂)/2`, `[s₁, s₁] = W₁`, `[s₂, s₂] = W₂`,
 * `[s₁, m] = W₁`, `[s₂, m] = W₂`, `[m, s₁] = W₁/2`, `[m, s₂] = W₂/2`, `[s₁, s₂] = [s₂, s₁] = 0`; biases and statistics are joined
 * alike. With all pairs apart the model computes the mean of the two, where the last layer is linear.
 *
 * @param a - the model whose order of units is kept
 * @param b - same names, shapes and dtypes; not permuted yet
 * @returns a state dict of other shapes: build the model for the widths of {@link mergedWidths}
 * @throws {RangeError} for a spec that does not fit, a permutation that is not one, units out of range or named twice, and units
 *   apart in a group that layer norm reads: it would see more of them
 * @see Nasery et al. 2025, "PLeaS: Merging Models with Permutations and Least Squares", arXiv:2407.02447, §3.1
 */
export function partialMerge(
  a: StateDict,
  b: StateDict,
  { spec = 'auto', permutations, separate = {} }: PartialMergeOptions,
): StateDict {
  assertSameStructure([a, b], { where: 'partialMerge', labels: ['a', 'b'] });
  const resolved = specFor('partialMerge', a, spec);
  checkPermutations('partialMerge', resolved, permutations);
  checkSeparate('partialMerge', a, resolved, separate);
  const units = unitsOf(resolved, permutations, separate);
  return mapTensors(a, (t, name) => joinTensor(name, t, b[name]!, resolved, units));
}

/** The number of units of each group after {@link partialMerge}: `n + s`. */
export function mergedWidths(
  params: StateDict,
  { spec = 'auto', separate = {} }: Pick<PartialMergeOptions, 'spec' | 'separate'>,
): Record<string, number> {
  const resolved = specFor('mergedWidths', params, spec);
  checkSeparate('mergedWidths', params, resolved, separate);
  return Object.fromEntries(
    [...resolved.groups].map(([group, { size }]) => [group, size + (separate[group]?.length ?? 0)]),
  );
}
