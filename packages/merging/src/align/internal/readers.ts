import type { StateDict } from '@weightloom/state-dict';
import type { GroupUse } from '../permutation-spec.js';
import type { ResolvedSpec } from './resolve-spec.js';

/** A layer that reads a group's units, and where they lie in its input. */
export interface Reader extends Omit<GroupUse, 'tensor'> {
  readonly group: string;
}

/** The layers of a model that read units, by path; the axis is that of the input: channels of `[N, C, H, W]`, else the last. */
export function readersOf(params: StateDict, spec: ResolvedSpec): ReadonlyMap<string, Reader> {
  const readers = new Map<string, Reader>();
  for (const [name, uses] of spec.tensors) {
    const [, path] = /^(.*)\.weight$/.exec(name) ?? [];
    const { rank } = params[name]!;
    if (path === undefined || rank < 2) continue;
    const use = uses.find(({ axis }) => axis === (spec.isTransposed(name) ? 0 : 1));
    if (use) readers.set(path, { ...use, axis: rank === 4 ? 1 : -1 });
  }
  return readers;
}
