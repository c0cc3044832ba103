import { normal, key, tensor } from '@weightloom/tensor-gpu';
import type { StateDict } from '@weightloom/state-dict';
import { describe, expect, it } from 'vitest';
import { resolveSpec } from '../../src/align/internal/resolve-spec.js';
import { weightSimilarity } from '../../src/align/internal/weight-similarity.js';
import type { PermutationSpec } from '../../src/index.js';
import { draw, samples } from './models.js';

/** Asked again and again while groups move, against asked once. */
async function expectUpToDate(a: StateDict, b: StateDict, spec: PermutationSpec): Promise<void> {
  const resolved = resolveSpec('test', a, spec);
  const groups = [...resolved.groups.keys()];
  const sizes = Object.fromEntries([...resolved.groups].map(([name, { size }]) => [name, size]));
  const kept = weightSimilarity(a, b, resolved);
  let permutations = draw(sizes, 1);
  for (let turn = 0; turn < 4; turn++) {
    for (const group of groups) {
      const values = Array.from(await kept(group, permutations));
      const fresh = await weightSimilarity(a, b, resolved)(group, permutations);
      const scale = Math.max(...fresh.map(Math.abs));
      values.forEach((value, k) => expect(Math.abs(value - fresh[k]!)).toBeLessThan(1e-5 * scale));
    }
    // One group anew, and two units of another change places.
    const [one, other] = [groups[turn % groups.length]!, groups[(turn + 1) % groups.length]!];
    const swapped = Int32Array.from(permutations[other]!);
    [swapped[0], swapped[1]] = [swapped[1]!, swapped[0]!];
    permutations = { ...permutations, [one]: draw(sizes, turn + 2)[one]!, [other]: swapped };
  }
}

describe('weightSimilarity', () => {
  it('sums the products of rows', async () => {
    const a = { w: tensor([[1, 2], [3, 4]]), v: tensor([[1, 0]]) }; // prettier-ignore
    const b = { w: tensor([[5, 6], [7, 8]]), v: tensor([[10, 20]]) }; // prettier-ignore
    const spec = resolveSpec('test', a, { tensors: { w: ['units', null], v: [null, 'units'] } });
    expect([...(await weightSimilarity(a, b, spec)('units', {}))]).toEqual([17 + 10, 23 + 20, 39, 53]);
  });

  it.each(Object.entries(samples))(
    'is kept up to date while groups of the model %s move',
    async (_, make) => {
      const { params, spec } = make();
      const other = Object.fromEntries(
        Object.entries(params).map(([name, t], i) => [name, normal(key(90 + i), t.shape)]),
      );
      await expectUpToDate(params, other, spec);
    },
  );

  it('is kept up to date for a tensor of three groups, in blocks and parts', async () => {
    const tensors = {
      t: ['a', { group: 'b', block: 2 }, { group: 'c', block: 2, parts: 3 }],
      u: ['c', 'a'],
    } as const;
    const make = (seed: number): StateDict => ({
      t: normal(key(seed), [5, 8, 18]),
      u: normal(key(seed + 2), [3, 5]),
    });
    await expectUpToDate(make(1), make(2), { tensors });
  });
});
