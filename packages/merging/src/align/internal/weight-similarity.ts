import type { StateDict } from '@weightloom/state-dict';
import { add, matmul, sub, take, type Tensor, tensor, tidy, transpose } from '@weightloom/tensor-gpu';
import type { GroupUse, Permutations } from '../permutation-spec.js';
import { permuteTensor } from '../permute.js';
import { isStatistic } from './is-statistic.js';
import type { ResolvedSpec } from './resolve-spec.js';
import { unitIndex } from './unit-index.js';
import { unitRows } from './unit-rows.js';

/** From a group and the present permutations to how alike its units are: `[units, units]`, row by row, not to be kept. */
export type WeightSimilarity = (group: string, permutations: Permutations) => Promise<Float32Array>;

/**
 * How alike the units of two models are: `S[i, j] = Σ ⟨row i of A, row j of B⟩` over all axes that the group permutes, with all
 * other groups of B permuted.
 *
 * A group asked for again is brought up to date: `S += Σₖ A[:, k] (B[:, new k] - B[:, old k])ᵀ` over the units `k` of its neighbours
 * that have moved since, of which there are fewer with every pass.
 */
export function weightSimilarity(a: StateDict, b: StateDict, spec: ResolvedSpec): WeightSimilarity {
  const known = new Map<string, { readonly sums: Float32Array; readonly seen: Permutations }>();
  return async (group, permutations) => {
    const { size, uses } = spec.groups.get(group)!;
    const last = known.get(group);
    const total = tidy(() =>
      uses
        .filter(({ tensor: name }) => !isStatistic(name))
        .flatMap((use) => {
          const [own, other] = [a[use.tensor]!, b[use.tensor]!];
          if (last) return movedProducts(own, other, use, group, spec, last.seen, permutations);
          return [rowProducts(own, permuteTensor(other, use.tensor, spec, permutations, [group]), use)];
        })
        .reduce<Tensor | undefined>((sum, term) => (sum ? add(sum, term) : term), undefined),
    );
    const sums = last?.sums ?? new Float32Array(size ** 2);
    if (total) {
      const values = await total.data();
      for (let k = 0; k < sums.length; k++) sums[k]! += values[k]!;
      total.dispose();
    }
    known.set(group, { sums, seen: { ...permutations } });
    return sums;
  };
}

const rowProducts = (own: Tensor, other: Tensor, use: GroupUse): Tensor =>
  matmul(unitRows(own, use), transpose(unitRows(other, use)));

/** By how much the products of the rows of one tensor grow when its other groups move `from` one order `to` another. */
function movedProducts(
  own: Tensor,
  other: Tensor,
  use: GroupUse,
  group: string,
  spec: ResolvedSpec,
  from: Permutations,
  to: Permutations,
): Tensor[] {
  const held = { ...from }; // the groups on this tensor move one after the other
  return spec.tensors.get(use.tensor)!.flatMap((neighbour) => {
    const [old, now] = [from[neighbour.group]!, to[neighbour.group]!];
    const moved = Array.from(now, (_, k) => k).filter((k) => old[k] !== now[k]);
    if (neighbour.group === group || moved.length === 0) return [];
    const others = permuteTensor(other, use.tensor, spec, held, [group, neighbour.group]);
    held[neighbour.group] = now;
    const at = (t: Tensor, units: readonly number[]): Tensor =>
      take(t, tensor(unitIndex(units, now.length, neighbour)), neighbour.axis);
    const [olds, nows] = [old, now].map((units) => moved.map((k) => units[k]!)) as [number[], number[]];
    return [rowProducts(at(own, moved), sub(at(others, nows), at(others, olds)), use)];
  });
}
