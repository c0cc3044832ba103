import type { Tensor } from '@weightloom/tensor-gpu';
import { assertSameStructure } from './assert-same-structure.js';
import { mapTensors } from './map-tensors.js';
import type { StateDict } from './state-dict.js';

/**
 * A new state dict with `f([a, b, …], name)` for the tensors of that name in all inputs.
 *
 * @param dicts - at least one; same names and shapes
 * @param f - called once per name, for any dtype
 * @param where - the function that asks, for messages
 * @throws {StateDictError} when there is no input or one lacks a tensor; {@link ShapeError} when shapes differ
 */
export function zipTensors(
  dicts: readonly StateDict[],
  f: (tensors: Tensor[], name: string) => Tensor,
  where = 'zipTensors',
): StateDict {
  const [first] = dicts;
  if (!first) throw new RangeError(`${where}: expected at least one state dict, received none`);
  assertSameStructure(dicts, { where, labels: dicts.map((_, i) => `input ${i}`), dtypes: false });
  return mapTensors(first, (_, name) =>
    f(
      dicts.map((dict) => dict[name]!),
      name,
    ),
  );
}
