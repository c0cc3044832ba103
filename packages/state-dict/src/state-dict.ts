import { Tensor } from '@weightloom/tensor-gpu';
import { StateDictError } from './state-dict-error.js';

/**
 * Named weights: a record of tensors by dotted PyTorch-style name (`layers.0.attention.q_proj.weight`).
 *
 * Those this package makes have a null prototype, so `__proto__` is a name like any other. No meaning rests on the order
 * of the names. Linear weights are `[out, in]`, convolutions `[out, in, kh, kw]`.
 */
export type StateDict = Record<string, Tensor>;

/**
 * Makes a state dict.
 *
 * @param entries - name and tensor pairs, or a plain record; the tensors are shared, not copied
 * @returns a fresh null-prototype record
 * @throws {StateDictError} when a name comes twice or a value is not a tensor
 */
export function stateDict(
  entries: Iterable<readonly [name: string, tensor: Tensor]> | Readonly<Record<string, Tensor>>,
): StateDict {
  const dict = Object.create(null) as StateDict;
  const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
  for (const [name, tensor] of pairs as Iterable<readonly [string, Tensor]>) {
    const where = `stateDict: ${JSON.stringify(name)}`;
    if (!(tensor instanceof Tensor)) {
      throw new StateDictError({ where, expected: 'a tensor', received: describe(tensor) });
    }
    if (name in dict) throw new StateDictError({ where, expected: 'each name once', received: 'it twice' });
    dict[name] = tensor;
  }
  return dict;
}

const describe = (value: unknown) => (value === null ? 'null' : typeof value);
