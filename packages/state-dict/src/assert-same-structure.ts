import { DTypeError, ShapeError } from '@weightloom/tensor-gpu';
import { listNames } from './internal/list-names.js';
import { StateDictError } from './state-dict-error.js';

/** What is compared: tensors, raw tensors and headers all have these. */
export type Structure = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly dtype: string }>
>;

export interface AssertSameStructureOptions {
  /** The function that asks, for messages (default `assertSameStructure`). */
  readonly where?: string;
  /** What to call each input in messages (default `models[0]`, `models[1]`, …). */
  readonly labels?: readonly string[];
  /** Whether dtypes must be equal too (default `true`). */
  readonly dtypes?: boolean;
}

/**
 * Makes sure that all inputs have the same names, shapes and dtypes as the first.
 *
 * @param inputs - state dicts, raw state dicts, or anything with shapes and dtypes by name
 * @throws {StateDictError} naming a tensor that one has and another lacks
 * @throws {ShapeError} naming the first tensor with another shape, and both shapes
 * @throws {DTypeError} naming the first tensor with another dtype, and both dtypes
 */
export function assertSameStructure(
  inputs: readonly Structure[],
  options: AssertSameStructureOptions = {},
): void {
  const { where = 'assertSameStructure', labels = [], dtypes = true } = options;
  const label = (i: number) => labels[i] ?? `models[${i}]`;
  const [first, ...others] = inputs;
  if (!first) return;
  others.forEach((other, i) => {
    const at = (name: string) => `${where}: ${label(i + 1)} ${JSON.stringify(name)}`;
    const missing = Object.keys(first).filter((name) => !Object.hasOwn(other, name));
    const extra = Object.keys(other).filter((name) => !Object.hasOwn(first, name));
    if (missing.length + extra.length > 0) {
      const names = [
        ...(missing.length > 0 ? [`without ${listNames(missing)}`] : []),
        ...(extra.length > 0 ? [`with ${listNames(extra)} besides`] : []),
      ];
      throw new StateDictError({
        where: `${where}: ${label(i + 1)}`,
        expected: `the tensors of ${label(0)}`,
        received: `a state dict ${names.join(' and ')}`,
      });
    }
    for (const [name, { shape, dtype }] of Object.entries(first)) {
      const own = other[name]!;
      if (own.shape.join() !== shape.join()) {
        throw new ShapeError({
          where: at(name),
          expected: `shape [${shape.join(', ')}] as in ${label(0)}`,
          received: `[${own.shape.join(', ')}]`,
        });
      }
      if (dtypes && own.dtype !== dtype) {
        throw new DTypeError({
          where: at(name),
          expected: `dtype ${dtype} as in ${label(0)}`,
          received: own.dtype,
        });
      }
    }
  });
}
