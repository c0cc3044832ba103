import type { StateDict } from '@weightloom/state-dict';
import { add, matmul, type Tensor, tidy, transpose } from '@weightloom/tensor-gpu';
import type { Permutations } from '../permutation-spec.js';
import { permuteTensor } from '../permute.js';
import { isStatistic } from './is-statistic.js';
import type { ResolvedSpec } from './resolve-spec.js';
import { unitRows } from './unit-rows.js';

/**
 * How alike the units of two models are: `S[i, j] = Σ ⟨row i of A, row j of B⟩` over all axes that the group permutes, with all
 * other groups of B permuted.
 *
 * @returns `[units, units]`, row by row
 */
export async function weightSimilarity(
  a: StateDict,
  b: StateDict,
  spec: ResolvedSpec,
  group: string,
  permutations: Permutations,
): Promise<Float32Array> {
  const { uses, size } = spec.groups.get(group)!;
  const total = tidy(() =>
    uses
      .filter(({ tensor }) => !isStatistic(tensor))
      .map((use): Tensor => {
        const own = unitRows(a[use.tensor]!, use);
        const other = unitRows(permuteTensor(b[use.tensor]!, use.tensor, spec, permutations, group), use);
        return matmul(own, transpose(other));
      })
      .reduce<Tensor | undefined>((sum, term) => (sum ? add(sum, term) : term), undefined),
  );
  if (!total) return new Float32Array(size * size);
  const values = (await total.data()) as Float32Array;
  total.dispose();
  return values;
}
