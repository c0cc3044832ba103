import { mapTensors, type StateDict } from '@weightloom/state-dict';
import { cast, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import type { ResolvedSpec } from './internal/resolve-spec.js';
import { unitIndex } from './internal/unit-index.js';
import { specFor } from './internal/spec-for.js';
import type { Permutations, PermutationSpec } from './permutation-spec.js';

/**
 * The same network with its hidden units in another order: `out[…, i, …] = w[…, π(i), …]` on every axis that the spec gives to
 * a group. It computes the same function, up to the order of sums.
 *
 * @param spec - `'auto'` for models that `autoSpec` knows
 * @param permutations - `π` by group; groups that are missing stay as they are
 * @returns a new state dict with the shapes and dtypes of `params`
 * @throws {RangeError} for a spec that does not fit (which name), a group it does not have, and a permutation that is not one
 */
export function permute(
  params: StateDict,
  spec: PermutationSpec | 'auto',
  permutations: Permutations,
): StateDict {
  const resolved = specFor('permute', params, spec);
  checkPermutations('permute', resolved, permutations);
  return permuteUnits(params, resolved, permutations);
}

/** {@link permute}, of what was checked. */
export function permuteUnits(params: StateDict, spec: ResolvedSpec, permutations: Permutations): StateDict {
  return mapTensors(params, (t, name) => permuteTensor(t, name, spec, permutations));
}

/** One tensor, without what the groups of `except` do. */
export function permuteTensor(
  t: Tensor,
  name: string,
  { tensors, groups }: ResolvedSpec,
  permutations: Permutations,
  except: readonly string[] = [],
): Tensor {
  return tensors.get(name)!.reduce((out, use) => {
    const units = permutations[use.group];
    if (units === undefined || except.includes(use.group)) return out;
    const index = tensor(unitIndex(units, groups.get(use.group)!.size, use));
    const taken = take(out, index, use.axis);
    return taken.dtype === t.dtype ? taken : cast(taken, t.dtype);
  }, t);
}

/** @throws {RangeError} for a group the spec does not have, and a permutation that is not one */
export function checkPermutations(where: string, { groups }: ResolvedSpec, permutations: Permutations): void {
  for (const [name, units] of Object.entries(permutations)) {
    const size = groups.get(name)?.size;
    if (size === undefined) {
      const known = [...groups.keys()].slice(0, 5).map((group) => JSON.stringify(group));
      throw new RangeError(
        `${where}: expected groups of the spec (${known.join(', ')}${groups.size > 5 ? ', …' : ''}), received ${JSON.stringify(name)}`,
      );
    }
    if (units.length !== size) {
      throw new RangeError(
        `${where}: expected a permutation of ${size} units for group ${JSON.stringify(name)}, received ${units.length} numbers`,
      );
    }
    const seen = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const unit = units[i]!;
      const isNew = Number.isInteger(unit) && unit >= 0 && unit < size && seen[unit]! === 0;
      if (!isNew) {
        throw new RangeError(
          `${where}: expected each of 0 to ${size - 1} once as the permutation of group ${JSON.stringify(name)}, received ${unit} at ${i}`,
        );
      }
      seen[unit] = 1;
    }
  }
}
