import { runInMemory, type StateDict, toTensors } from '@weightloom/state-dict';
import { AdapterError } from '../adapter-error.js';
import { fingerprint } from '../internal/fingerprint.js';
import { isLora, type PeftAdapter } from '../peft/peft-adapter.js';
import { type MergeOptions, mergeMethod, planMerge } from './plan-merge.js';

/** Which adapters a state dict holds, for those this package merged. */
const merged = new WeakMap<StateDict, ReadonlyMap<string, number>>();

/**
 * Adds an adapter to the weights it was made for: `W + s · B · A`, for DoRA `m / ‖W + ΔW‖ · (W + ΔW)`; puts whole modules and
 * trained tokens in place. LoHa, LoKr, (IA)³ and MiSS are merged by their own formulas.
 *
 * Weights are read as float32, changed, and rounded once to the dtype they have; NaN and infinities are refused, so every merge is
 * what PEFT calls a safe merge. (PEFT rounds the update to half precision before it adds it.)
 *
 * @param params - the base; left unchanged; tensors the adapter does not touch are shared with the result
 * @returns the merged weights
 * @throws {AdapterError} when modules are missing or shapes differ (all of them named), and when this adapter is merged already
 */
export async function mergeAdapter(
  params: StateDict,
  adapter: PeftAdapter,
  options: MergeOptions = {},
): Promise<StateDict> {
  const where = 'mergeAdapter';
  const id = await fingerprint(adapter, 1);
  const before = merged.get(params) ?? new Map<string, number>();
  if (before.has(id)) {
    throw new AdapterError({
      where,
      expected: 'weights without this adapter',
      received: 'weights it is merged into already',
      cure: 'merge into the base, or unmerge first',
    });
  }
  const result = await changed(params, adapter, options, where);
  merged.set(result, new Map([...before, [id, options.weight ?? 1]]));
  return result;
}

export interface UnmergeOptions extends MergeOptions {
  /** Subtract from weights that were merged elsewhere, such as in a file (default `false`: refuse). */
  readonly force?: boolean;
}

/**
 * Takes an adapter out again: `W - s · B · A`, for other methods by the reverse of their formulas.
 *
 * What comes back differs from the base by rounding: about one unit in the last place of float32, more in half precision.
 *
 * @param params - weights `mergeAdapter` made; left unchanged
 * @throws {AdapterError} when the adapter is not merged into `params`, and for what cannot be undone without the base: DoRA, whole
 *   modules, trained tokens, (IA)³ with zeros, Bat with blocks that cannot be inverted
 */
export async function unmergeAdapter(
  params: StateDict,
  adapter: PeftAdapter,
  options: UnmergeOptions = {},
): Promise<StateDict> {
  const where = 'unmergeAdapter';
  const before = merged.get(params);
  const id = await fingerprint(adapter, 1);
  if (!before?.has(id) && options.force !== true) {
    throw new AdapterError({
      where,
      expected: 'weights this adapter is merged into',
      received: before ? 'weights with other adapters' : 'weights nothing is known of',
      cure: 'pass { force: true } if they were merged elsewhere',
    });
  }
  const lost = irreversible(adapter);
  if (lost)
    throw new AdapterError({
      where,
      expected: 'an adapter whose change can be undone',
      received: lost,
      cure: 'keep the base',
    });
  const weight = options.weight ?? before?.get(id) ?? 1;
  const result = await changed(params, adapter, { ...options, weight, reverse: true }, where);
  merged.set(result, new Map([...(before ?? [])].filter(([other]) => other !== id)));
  return result;
}

function irreversible(adapter: PeftAdapter): string | undefined {
  if (isLora(adapter) && adapter.config.useDora) return 'DoRA, which forgets the norms of the base';
  if (adapter.saved.size > 0) return 'one with whole modules';
  if ('tokens' in adapter && adapter.tokens.size > 0) return 'one with trained tokens';
  return undefined;
}

async function changed(
  params: StateDict,
  adapter: PeftAdapter,
  options: MergeOptions & { readonly reverse?: boolean },
  where: string,
): Promise<StateDict> {
  const shapes = new Map(Object.entries(params).map(([name, { shape }]) => [name, shape] as const));
  const plan = planMerge(adapter, shapes, options, where);
  const touched = Object.create(null) as StateDict;
  for (const [name, { replacement }] of plan.edits) {
    touched[name] = replacement
      ? toTensors({ [name]: replacement }, { storage: 'keep' })[name]!
      : params[name]!;
  }
  const results = await runInMemory(mergeMethod(plan, where), [touched], { labels: ['params'] });
  const added = toTensors(Object.fromEntries(plan.added), { storage: 'keep' });
  return Object.assign(Object.create(null) as StateDict, params, results, added);
}
