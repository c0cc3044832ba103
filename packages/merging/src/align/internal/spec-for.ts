import type { StateDict } from '@weightloom/state-dict';
import { autoSpec } from '../auto-spec.js';
import type { PermutationSpec } from '../permutation-spec.js';
import { resolveSpec, type ResolvedSpec } from './resolve-spec.js';

/** The spec a caller gave, or the one found from the names, filled in for the model. */
export const specFor = (where: string, params: StateDict, spec: PermutationSpec | 'auto'): ResolvedSpec =>
  resolveSpec(where, params, spec === 'auto' ? autoSpec(params) : spec);
