import { assertSameStructure, type StateDict, weightedSum } from '@weightloom/state-dict';
import { dispose, foldIn, generator, tidy } from '@weightloom/tensor-gpu';
import { uniformSoup } from '../uniform-soup.js';
import { specFor } from './internal/spec-for.js';
import type { Permutations } from './permutation-spec.js';
import { permuteUnits } from './permute.js';
import { matchWeights, type WeightMatchingOptions } from './weight-matching.js';

export interface MergeManyOptions extends Omit<WeightMatchingOptions, 'start' | 'maxSweeps'> {
  /** Most passes over all models; default 100. */
  readonly maxPasses?: number;
}

export interface MergedMany {
  /** The average of the permuted models. */
  readonly params: StateDict;
  /** For each model, by group. */
  readonly permutations: readonly Permutations[];
  /** The permuted models. */
  readonly models: readonly StateDict[];
  readonly passes: number;
  /** False when `maxPasses` ended the search. */
  readonly converged: boolean;
}

/**
 * Merges several models: one after the other, in random order, is matched by its weights to the mean of the others, until a pass
 * moves no unit; then all are averaged.
 *
 * @param models - at least two; same names, shapes and dtypes
 * @throws {RangeError} for fewer than two models, and as {@link weightMatching}
 * @see Ainsworth, Hayase and Srinivasa 2023, "Git Re-Basin", arXiv:2209.04836, Algorithm 3
 */
export async function mergeMany(
  models: readonly StateDict[],
  { spec = 'auto', key, maxPasses = 100, onProgress, signal }: MergeManyOptions,
): Promise<MergedMany> {
  if (models.length < 2)
    throw new RangeError(`mergeMany: expected at least two models, received ${models.length}`);
  assertSameStructure(models, { where: 'mergeMany' });
  const resolved = specFor('mergeMany', models[0]!, spec);
  const draw = generator(foldIn(key, 'order'));
  const permutations: Permutations[] = models.map(() => ({}));
  const permuted = [...models];
  let passes = 0;
  let moved = true;
  while (moved && passes < maxPasses) {
    moved = false;
    for (const i of draw.permutation(models.length)) {
      const others = permuted.filter((_, other) => other !== i);
      const mean = tidy(() =>
        weightedSum(
          others,
          others.map(() => 1 / others.length),
        ),
      );
      const found = await matchWeights('mergeMany', mean, models[i]!, resolved, {
        key: foldIn(foldIn(key, passes), i),
        start: permutations[i]!,
        signal,
      });
      dispose(mean);
      const before = permutations[i]!;
      const changed = Object.entries(found.permutations).some(([group, units]) =>
        units.some((unit, k) => unit !== (before[group]?.[k] ?? k)),
      );
      if (!changed) continue;
      moved = true;
      permutations[i] = found.permutations;
      permuted[i] = permuteUnits(models[i]!, resolved, found.permutations);
    }
    passes++;
    onProgress?.({ done: passes, total: maxPasses, label: `mergeMany: pass ${passes}` });
  }
  return { params: await uniformSoup(permuted), permutations, models: permuted, passes, converged: !moved };
}
