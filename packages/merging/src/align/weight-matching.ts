import type { LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import { generator, type Key } from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/check-number.js';
import { specFor } from './internal/spec-for.js';
import { sweepGroups } from './internal/sweep-groups.js';
import type { ResolvedSpec } from './internal/resolve-spec.js';
import { weightSimilarity } from './internal/weight-similarity.js';
import type { Permutations, PermutationSpec } from './permutation-spec.js';
import { checkPermutations, permuteUnits } from './permute.js';

export interface WeightMatchingOptions extends LongWorkOptions {
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** Decides in which order groups are matched. */
  readonly key: Key;
  /** Most passes over all groups; default 100. */
  readonly maxSweeps?: number;
  /** Where to start; default: no unit moved. */
  readonly start?: Permutations;
}

/** A model whose units were put in the order of another's. */
export interface Matching {
  /** By group: unit `i` of the other model is like unit `permutations[group][i]` of this one. */
  readonly permutations: Readonly<Record<string, Int32Array>>;
  /** The permuted model: the same function, with its units in the order of the other's. */
  readonly params: StateDict;
}

/** As {@link Matching}, and how the search went. */
export interface WeightMatching extends Matching {
  /** Passes over all groups, the last of which changed nothing unless `maxSweeps` ended the search. */
  readonly sweeps: number;
  /** False when `maxSweeps` ended the search. */
  readonly converged: boolean;
}

/**
 * Weight matching: the permutation of `b` that brings its weights near those of `a`, `max_π ⟨θ_A, π(θ_B)⟩`, by coordinate descent.
 *
 * For one group after the other, in random order, the similarity of all pairs of units, `S[i, j] = Σ_t ⟨A_t[i, …], π(B_t)[j, …]⟩` over
 * the tensors that the group permutes, is summed up in float32 with the other groups held as they are, and the best assignment
 * taken; until a pass improves nothing by more than a millionth of what the group reached. A local optimum: with several groups it depends on the order. Running statistics of
 * batch norm are permuted, but do not count.
 *
 * @param a - the model that stays
 * @param b - same names, shapes and dtypes
 * @throws {RangeError} for a spec that does not fit (which name), and weights that are not finite (which group)
 * @see Ainsworth, Hayase and Srinivasa 2023, "Git Re-Basin: Merging Models modulo Permutation Symmetries", arXiv:2209.04836,
 *   Algorithm 1; improvements below rounding are left out, which there count from 1e-12
 */
export async function weightMatching(
  a: StateDict,
  b: StateDict,
  options: WeightMatchingOptions,
): Promise<WeightMatching> {
  const { spec = 'auto', start = {} } = options;
  assertSameStructure([a, b], { where: 'weightMatching', labels: ['a', 'b'] });
  const resolved = specFor('weightMatching', a, spec);
  checkPermutations('weightMatching', resolved, start);
  const found = await matchWeights('weightMatching', a, b, resolved, options);
  return { ...found, params: permuteUnits(b, resolved, found.permutations) };
}

/** {@link weightMatching} of what was checked, without the permuted model. */
export async function matchWeights(
  where: string,
  a: StateDict,
  b: StateDict,
  spec: ResolvedSpec,
  { key, maxSweeps = 100, start = {}, ...work }: Omit<WeightMatchingOptions, 'spec'>,
): Promise<Omit<WeightMatching, 'params'>> {
  checkCount(where, 'maxSweeps', maxSweeps);
  return sweepGroups(where, spec, {
    draw: generator(key),
    maxSweeps,
    start,
    similarity: weightSimilarity(a, b, spec),
    work,
  });
}
