import { add, cast, concat, mul, take, type Tensor, tensor, zerosLike } from '@weightloom/tensor-gpu';
import type { ResolvedSpec, Shapes } from '../../align/internal/resolve-spec.js';
import { unitIndex } from '../../align/internal/unit-index.js';
import type { Permutations } from '../../align/permutation-spec.js';

/** The units of a group, each kind in the order of the merged model. */
export interface JoinedUnits {
  readonly size: number;
  /** Units of `a` and of `b` that become one. */
  readonly merged: readonly [Int32Array, Int32Array];
  /** Units of `a`, and of `b`, that stay apart. */
  readonly apart: readonly [Int32Array, Int32Array];
}

/**
 * @throws {RangeError} for a group the spec does not have, units out of range or named twice, and a group that a norm without
 *   running statistics reads as a whole
 */
export function checkSeparate(
  where: string,
  params: Shapes,
  { groups }: ResolvedSpec,
  separate: Readonly<Record<string, ArrayLike<number>>>,
): void {
  for (const [group, units] of Object.entries(separate)) {
    const size = groups.get(group)?.size;
    if (size === undefined) {
      throw new RangeError(
        `${where}: expected groups of the spec, received ${JSON.stringify(group)} in separate`,
      );
    }
    const norm = groups.get(group)!.uses.find(({ tensor: name }) => isWholeNorm(name, params));
    if (norm && units.length > 0) {
      throw new RangeError(
        `${where}: expected no unit apart in group ${JSON.stringify(group)}, which ${JSON.stringify(norm.tensor)} normalises as a whole, received ${units.length}`,
      );
    }
    const seen = new Set<number>();
    for (const unit of Array.from(units)) {
      if (!Number.isInteger(unit) || unit < 0 || unit >= size || seen.has(unit)) {
        throw new RangeError(
          `${where}: expected units from 0 to ${size - 1}, each at most once, in separate[${JSON.stringify(group)}], received ${unit}`,
        );
      }
      seen.add(unit);
    }
  }
}

/** The weight of a layer norm or group norm, whose result changes for all units when there are more of them. */
const isWholeNorm = (name: string, params: Shapes): boolean =>
  params[name]!.shape.length === 1 &&
  name.endsWith('.weight') &&
  !(name.replace(/weight$/, 'running_mean') in params);

export function unitsOf(
  { groups }: ResolvedSpec,
  permutations: Permutations,
  separate: Readonly<Record<string, ArrayLike<number>>>,
): ReadonlyMap<string, JoinedUnits> {
  return new Map(
    [...groups].map(([group, { size }]) => {
      const partner = (unit: number): number => permutations[group]?.[unit] ?? unit;
      const apart = new Set(Array.from(separate[group] ?? []));
      const all = Array.from({ length: size }, (_, unit) => unit);
      const split = (wanted: boolean) => {
        const own = Int32Array.from(all.filter((unit) => apart.has(unit) === wanted));
        return [own, own.map(partner)] as const;
      };
      return [group, { size, merged: split(false), apart: split(true) }];
    }),
  );
}

/** What an axis holds in a block: units that were merged (or an axis that no group permutes), units of `a`, or units of `b`. */
type Side = 'merged' | 'a' | 'b';

/** One tensor of the merged model, block by block. */
export function joinTensor(
  name: string,
  a: Tensor,
  b: Tensor,
  spec: ResolvedSpec,
  units: ReadonlyMap<string, JoinedUnits>,
): Tensor {
  const uses = spec.tensors.get(name)!;
  if (uses.length === 0 && a.dtype === 'int32') return a;
  const output = uses.find(({ axis }) => axis === 0);
  const input = uses.find(({ axis }) => axis === 1);
  if (uses.some(({ axis, parts }) => axis > 1 || parts > 1) || spec.isTransposed(name)) {
    throw new RangeError(
      `partialMerge: expected outputs on the first axis and inputs on the second, in one part, received another layout of ${JSON.stringify(name)}`,
    );
  }
  const sidesOf = (use: typeof output): Side[] => {
    if (!use) return ['merged'];
    const { merged, apart } = units.get(use.group)!;
    return [
      ...(merged[0].length > 0 ? (['merged'] as const) : []),
      ...(apart[0].length > 0 ? (['a', 'b'] as const) : []),
    ];
  };
  /** One of the models, with the units of a side on an axis. */
  const pick = (t: Tensor, use: typeof output, side: Side, which: 0 | 1): Tensor => {
    if (!use) return t;
    const { size, merged, apart } = units.get(use.group)!;
    const chosen = side === 'merged' ? merged[which] : apart[side === 'a' ? 0 : 1];
    return take(t, tensor(unitIndex(chosen, size, use)), use.axis);
  };
  const block = (rows: Side, columns: Side): Tensor => {
    const of = (which: 0 | 1): Tensor =>
      pick(pick(which === 0 ? a : b, output, rows, which), input, columns, which);
    if (rows === 'merged' && columns === 'merged') return mul(add(of(0), of(1)), 0.5);
    if (rows === 'merged') return mul(of(columns === 'a' ? 0 : 1), 0.5);
    const own = of(rows === 'a' ? 0 : 1);
    return columns === 'merged' || columns === rows ? own : zerosLike(own);
  };
  const lines = sidesOf(output).map((rows) => {
    const blocks = sidesOf(input).map((columns) => block(rows, columns));
    return blocks.length === 1 ? blocks[0]! : concat(blocks, 1);
  });
  const joined = lines.length === 1 ? lines[0]! : concat(lines, 0);
  return joined.dtype === a.dtype ? joined : cast(joined, a.dtype);
}
