import { ShapeError, type Tensor } from '@weightloom/tensor-gpu';
import type { StateDict } from '../model.js';

/** An empty state dict. */
export const emptyDict = (): StateDict => Object.create(null) as StateDict;

/** A state dict of `entries`. */
export function dictOf(entries: Iterable<readonly [string, Tensor]>): StateDict {
  const out = emptyDict();
  for (const [name, tensor] of entries) out[name] = tensor;
  return out;
}

/** `f` of every tensor. */
export const mapDict = (f: (tensor: Tensor, name: string) => Tensor, dict: StateDict): StateDict =>
  dictOf(Object.keys(dict).map((name) => [name, f(dict[name], name)]));

/** `f` of the tensors of equal name in two dicts. */
export const zipDict = (
  f: (a: Tensor, b: Tensor, name: string) => Tensor,
  a: StateDict,
  b: StateDict,
): StateDict => mapDict((tensor, name) => f(tensor, b[name], name), a);

/** The tensor of a name, or one error that says which is missing. */
export function weightOf(params: StateDict, name: string): Tensor {
  const found = params[name];
  if (!found) {
    throw new ShapeError({
      where: 'apply',
      expected: `a tensor "${name}" in the state dict`,
      received: describeNames(params),
    });
  }
  return found;
}

/** A few names of a dict, for messages. */
export function describeNames(dict: StateDict): string {
  const names = Object.keys(dict).sort();
  if (names.length === 0) return 'an empty state dict';
  const shown = names
    .slice(0, 6)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > 6 ? `${shown}, … (${names.length} names)` : shown;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** Refuses dicts whose names or shapes differ, naming the first difference. */
export function checkSameDict(where: string, expected: StateDict, received: StateDict, what: string): void {
  for (const name of Object.keys(expected)) {
    const tensor = received[name];
    if (!tensor) {
      throw new ShapeError({
        where,
        expected: `"${name}" in the ${what}`,
        received: describeNames(received),
      });
    }
    if (!sameShape(tensor.shape, expected[name].shape)) {
      throw new ShapeError({
        where,
        expected: `"${name}" of shape [${expected[name].shape.join(', ')}] in the ${what}`,
        received: `[${tensor.shape.join(', ')}]`,
      });
    }
  }
  const extra = Object.keys(received).find((name) => !(name in expected));
  if (extra !== undefined) {
    throw new ShapeError({
      where,
      expected: `the ${what} without "${extra}"`,
      received: describeNames(received),
    });
  }
}
