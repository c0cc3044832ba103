import type { Apply, LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import type { Tensor } from '@weightloom/tensor-gpu';
import { activationSimilarity } from './internal/activation-similarity.js';
import { bestPairs } from './internal/best-pairs.js';
import { specFor } from './internal/spec-for.js';
import type { PermutationSpec } from './permutation-spec.js';
import { permuteUnits } from './permute.js';
import type { Matching } from './weight-matching.js';

/**
 * How alike two units are: their uncentred second moment `E[a b]`, Pearson's correlation (0 for a unit that never changes), or the
 * negative distance `-‖a - b‖`, summed over batches.
 */
export type UnitSimilarity = 'moment' | 'correlation' | 'distance';

/** Where activations come from. */
export interface ActivationSource extends LongWorkOptions {
  /** The forward pass, which shows its layers to `ctx.tap`, as models of `@weightloom/nn` do. */
  readonly apply: Apply;
  /** `[n, …]`, what the model takes; labels are not needed. */
  readonly inputs: Tensor;
  /** Rows computed at once; default 256. */
  readonly batchSize?: number;
}

export interface ActivationMatchingOptions extends ActivationSource {
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** Default `'moment'`. */
  readonly similarity?: UnitSimilarity;
}

/** As {@link Matching}, with how alike the matched units are. */
export interface ActivationMatching extends Matching {
  /** By group: the similarity of unit `i` and its partner. */
  readonly similarities: Readonly<Record<string, Float64Array>>;
}

/**
 * Activation matching: units of `b` are put in the order of the units of `a` that respond alike, `max_π Σᵢ S[i, π(i)]`, each group on its own.
 *
 * A unit's activations are what the layers that read it see: after the activation function, and for a residual stream, at each of
 * its readers. All positions of a picture or text count.
 *
 * @param a - the model that stays
 * @param b - same names, shapes and dtypes
 * @throws {RangeError} for a spec that does not fit (which name), a group that no layer shows, and activations that are not finite
 * @see Ainsworth, Hayase and Srinivasa 2023, "Git Re-Basin", arXiv:2209.04836, §3.1
 */
export async function activationMatching(
  a: StateDict,
  b: StateDict,
  options: ActivationMatchingOptions,
): Promise<ActivationMatching> {
  const { spec = 'auto', similarity = 'moment' } = options;
  if (!['moment', 'correlation', 'distance'].includes(similarity)) {
    throw new RangeError(
      `activationMatching: expected similarity moment, correlation or distance, received ${JSON.stringify(similarity)}`,
    );
  }
  assertSameStructure([a, b], { where: 'activationMatching', labels: ['a', 'b'] });
  const resolved = specFor('activationMatching', a, spec);
  const found = await activationSimilarity('activationMatching', [a, b], resolved, options, similarity);
  const permutations: Record<string, Int32Array> = {};
  const similarities: Record<string, Float64Array> = {};
  for (const [group, values] of found) {
    const { size } = resolved.groups.get(group)!;
    const { columns } = bestPairs('activationMatching', group, values, size);
    permutations[group] = columns;
    similarities[group] = Float64Array.from(columns, (column, i) => values[i * size + column]!);
  }
  return { permutations, similarities, params: permuteUnits(b, resolved, permutations) };
}
