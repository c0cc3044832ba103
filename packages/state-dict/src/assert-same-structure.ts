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
 * @throws {ShapeError} naming the first tensor with another shape, and both shapes; where it looks like heads for other labels (all
 *   tensors that differ have `n` rows in place of `m`), all of them
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
          cure: headsCure(first, other),
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

/** What to do where the only tensors that differ are `m` rows in one, `n` in the other: classifiers of different label spaces. */
function headsCure(first: Structure, other: Structure): string | undefined {
  const names = Object.keys(first);
  const heads = names.filter((name) => first[name]!.shape.join() !== other[name]!.shape.join());
  const rows = new Set(heads.map((name) => `${first[name]!.shape[0]} and ${other[name]!.shape[0]}`));
  const differInRows = heads.every((name) => {
    const [own, others] = [first[name]!.shape, other[name]!.shape];
    return own.length > 0 && own.length === others.length && own.slice(1).join() === others.slice(1).join();
  });
  if (rows.size !== 1 || !differInRows || heads.length === names.length) return undefined;
  return `if ${listNames(heads)} are heads for ${[...rows][0]} labels, bring them to one label space first (alignLabels of @weightloom/merging), or leave them out`;
}
