import type { StateDict } from '@weightloom/state-dict';
import { add, matmul, type Tensor, tidy, transpose } from '@weightloom/tensor-gpu';
import type { GroupUse, Permutations } from '../permutation-spec.js';
import { permuteTensor } from '../permute.js';
import { isStatistic } from './is-statistic.js';
import type { ResolvedSpec } from './resolve-spec.js';
import { unitRows } from './unit-rows.js';

/** From a group and the present permutations to how alike its units are: `[units, units]`, row by row. */
export type WeightSimilarity = (group: string, permutations: Permutations) => Promise<Float32Array>;

/**
 * How alike the units of two models are: `S[i, j] = Σ ⟨row i of A, row j of B⟩` over all axes that the group permutes, with all
 * other groups of B permuted. What no other group touches is computed once.
 */
export function weightSimilarity(a: StateDict, b: StateDict, spec: ResolvedSpec): WeightSimilarity {
  const fixed = new Map<string, Float32Array>();
  const sumOf = async (group: string, uses: readonly GroupUse[], permutations: Permutations) => {
    const total = tidy(() =>
      uses
        .map((use): Tensor => {
          const own = unitRows(a[use.tensor]!, use);
          const other = unitRows(permuteTensor(b[use.tensor]!, use.tensor, spec, permutations, group), use);
          return matmul(own, transpose(other));
        })
        .reduce<Tensor | undefined>((sum, term) => (sum ? add(sum, term) : term), undefined),
    );
    if (!total) return new Float32Array(spec.groups.get(group)!.size ** 2);
    const values = Float32Array.from(await total.data());
    total.dispose();
    return values;
  };
  return async (group, permutations) => {
    const uses = spec.groups.get(group)!.uses.filter(({ tensor }) => !isStatistic(tensor));
    const isFixed = ({ tensor }: GroupUse) => spec.tensors.get(tensor)!.length === 1;
    let constant = fixed.get(group);
    if (!constant) fixed.set(group, (constant = await sumOf(group, uses.filter(isFixed), {})));
    const values = await sumOf(
      group,
      uses.filter((use) => !isFixed(use)),
      permutations,
    );
    for (let k = 0; k < values.length; k++) values[k]! += constant[k]!;
    return values;
  };
}
