import type { LongWorkOptions } from '@weightloom/nn';
import type { Generator } from '@weightloom/tensor-gpu';
import { pacer } from '../../internal/pacer.js';
import type { Permutations } from '../permutation-spec.js';
import { bestPairs } from './best-pairs.js';
import type { ResolvedSpec } from './resolve-spec.js';

/** Improvements below this part of what a group reached are rounding of float32 sums. */
const IMPROVEMENT = 1e-6;

export interface SweepOptions {
  readonly draw: Generator;
  readonly maxSweeps: number;
  readonly start: Permutations;
  /** Of the units of a group, with the other groups permuted as told: `[size, size]`. */
  readonly similarity: (group: string, permutations: Permutations) => Promise<ArrayLike<number>>;
  readonly work: LongWorkOptions;
}

/** Improves one group's assignment after the other, in random order, until a pass over all changes nothing. */
export async function sweepGroups(
  where: string,
  spec: ResolvedSpec,
  { draw, maxSweeps, start, similarity, work }: SweepOptions,
): Promise<{
  readonly permutations: Record<string, Int32Array>;
  readonly sweeps: number;
  readonly converged: boolean;
}> {
  const { groups } = spec;
  const names = [...groups.keys()];
  const permutations = Object.fromEntries(
    names.map((name) => [name, Int32Array.from(start[name] ?? identity(groups.get(name)!.size))]),
  );
  const prices = new Map<string, Float64Array>(); // similarities change little from pass to pass
  const stale = new Set(names); // those whose similarities have changed since they were matched
  let sweeps = 0;
  let improved = names.length > 0;
  const pace = pacer(work.signal);
  while (improved && sweeps < maxSweeps) {
    improved = false;
    sweeps++;
    for (const at of draw.permutation(names.length)) {
      await pace();
      const name = names[at]!;
      if (!stale.delete(name)) continue;
      const { size } = groups.get(name)!;
      const pairs = await similarity(name, permutations);
      const { columns, total, prices: found } = bestPairs(where, name, pairs, size, prices.get(name));
      prices.set(name, found);
      const before = permutations[name]!.reduce((sum, unit, i) => sum + pairs[i * size + unit]!, 0);
      if (total <= before + 1e-12 + IMPROVEMENT * Math.abs(before)) continue;
      permutations[name] = columns;
      for (const neighbour of neighboursOf(name, spec)) stale.add(neighbour);
      improved = true;
    }
    work.onProgress?.({ done: sweeps, total: maxSweeps, label: `${where}: pass ${sweeps}` });
  }
  return { permutations, sweeps, converged: !improved };
}

/** Groups that share a tensor with a group. */
const neighboursOf = (name: string, { groups, tensors }: ResolvedSpec): string[] =>
  groups
    .get(name)!
    .uses.flatMap(({ tensor }) =>
      tensors.get(tensor)!.flatMap(({ group }) => (group === name ? [] : [group])),
    );

const identity = (size: number): Int32Array => Int32Array.from({ length: size }, (_, i) => i);
