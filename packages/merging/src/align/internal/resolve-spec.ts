import type {
  AxisSpec,
  BlockAxisSpec,
  GroupUse,
  PermutationGroup,
  PermutationSpec,
} from '../permutation-spec.js';

/** A spec with its patterns filled in for a model. */
export interface ResolvedSpec {
  readonly groups: ReadonlyMap<string, PermutationGroup>;
  /** The groups of each tensor, one use per permuted axis. */
  readonly tensors: ReadonlyMap<string, readonly (GroupUse & { readonly group: string })[]>;
  /** Whether a linear weight is stored `[in, out]`. */
  readonly isTransposed: (name: string) => boolean;
}

/** What must be known of the tensors of a model. */
export type Shapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

/**
 * Fills in a spec for a model, and guards it.
 *
 * @throws {RangeError} naming the tensor, and for sizes that differ both
 */
export function resolveSpec(where: string, params: Shapes, spec: PermutationSpec): ResolvedSpec {
  const names = Object.keys(params).sort();
  const patterns = Object.entries(spec.tensors).map(([pattern, axes]) => ({
    pattern,
    axes,
    match: matcher(pattern),
  }));
  for (const { pattern, match } of patterns) {
    if (names.some((name) => match(name))) continue;
    throw new RangeError(
      `${where}: the spec names ${JSON.stringify(pattern)}, and the model has no such tensor`,
    );
  }
  const groups = new Map<string, { size: number; uses: GroupUse[] }>();
  const tensors = new Map<string, (GroupUse & { group: string })[]>();
  for (const name of names) {
    const own = Object.hasOwn(spec.tensors, name)
      ? patterns.filter(({ pattern }) => pattern === name)
      : patterns.filter(({ match }) => match(name));
    if (own.length !== 1) {
      const received =
        own.length === 0 ? 'no entry' : own.map(({ pattern }) => JSON.stringify(pattern)).join(' and ');
      const cure = own.length === 0 ? '; write null for a tensor that stays as it is' : '';
      throw new RangeError(
        `${where}: expected one entry of the spec for ${JSON.stringify(name)}, received ${received}${cure}`,
      );
    }
    const { axes, match } = own[0]!;
    const { shape } = params[name]!;
    if (axes !== null && axes.length !== shape.length) {
      throw new RangeError(
        `${where}: expected ${shape.length} axes in the spec for ${JSON.stringify(name)} of shape [${shape.join(', ')}], received ${axes.length}`,
      );
    }
    const uses = (axes ?? []).flatMap((entry, axis) => {
      const use = readAxis(where, name, axis, entry, match(name)!);
      return use ? [use] : [];
    });
    for (const use of uses) addUse(where, groups, use, shape[use.axis]!);
    tensors.set(name, uses);
    const twice = uses.find(({ group }, i) => uses.findIndex((other) => other.group === group) < i);
    if (twice) {
      throw new RangeError(
        `${where}: expected a group on one axis of a tensor, received ${JSON.stringify(twice.group)} twice on ${JSON.stringify(name)}`,
      );
    }
  }
  const transposed = (spec.transposed ?? []).map(matcher);
  return { groups, tensors, isTransposed: (name) => transposed.some((match) => match(name)) };
}

function addUse(
  where: string,
  groups: Map<string, { size: number; uses: GroupUse[] }>,
  { group, ...use }: GroupUse & { group: string },
  length: number,
): void {
  const at = `axis ${use.axis} of ${JSON.stringify(use.tensor)}`;
  const size = length / (use.block * use.parts);
  if (!Number.isInteger(size)) {
    const units = `${use.parts > 1 ? `${use.parts} parts of ` : ''}blocks of ${use.block}`;
    throw new RangeError(`${where}: expected ${at}, of length ${length}, to divide into ${units}`);
  }
  const known = groups.get(group);
  if (known && known.size !== size) {
    const first = known.uses[0]!;
    throw new RangeError(
      `${where}: expected as many units of group ${JSON.stringify(group)} everywhere, received ${known.size} on axis ${first.axis} of ${JSON.stringify(first.tensor)} and ${size} on ${at}`,
    );
  }
  if (known) known.uses.push(use);
  else groups.set(group, { size, uses: [use] });
}

function readAxis(
  where: string,
  tensor: string,
  axis: number,
  entry: AxisSpec,
  captures: readonly string[],
): (GroupUse & { group: string }) | undefined {
  if (entry === null) return undefined;
  const { group, block = 1, parts = 1 }: BlockAxisSpec = typeof entry === 'string' ? { group: entry } : entry;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
  if (typeof group !== 'string' || !isCount(block) || !isCount(parts)) {
    throw new RangeError(
      `${where}: expected null, a group, or { group, block, parts } for axis ${axis} of ${JSON.stringify(tensor)}, received ${JSON.stringify(entry)}`,
    );
  }
  let next = 0;
  return { group: group.replace(/\*/g, () => captures[next++] ?? '*'), tensor, axis, block, parts };
}

/** From a name to what its stars stand for, or `undefined` where it does not fit. */
function matcher(pattern: string): (name: string) => readonly string[] | undefined {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('([^.]*)');
  const expression = new RegExp(`^${source}$`);
  return (name) => expression.exec(name)?.slice(1);
}
