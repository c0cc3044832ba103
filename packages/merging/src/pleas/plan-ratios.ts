import type { StateDict } from '@weightloom/state-dict';
import { specFor } from '../align/internal/spec-for.js';
import type { ResolvedSpec } from '../align/internal/resolve-spec.js';
import type { PermutationSpec } from '../align/permutation-spec.js';
import { checkNumber } from '../internal/check-number.js';

export interface PlanRatiosOptions {
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** Multiplications of the merged model divided by those of one parent: from 1 (all merged) to 2 (all apart). */
  readonly budget: number;
  /**
   * `zip`: groups near the output stay apart, near the input they merge. Or how much each group gains by staying apart, `w ≥ 0`, to make
   * `Σ w r` large.
   */
  readonly importance?: 'zip' | Readonly<Record<string, number>>;
  /** How often each weight is used: the pixels of a convolution's output; by name; default 1 each. */
  readonly uses?: Readonly<Record<string, number>>;
}

/** Ratios rise in steps of this size. */
const STEP = 1 / 64;

/**
 * How much of each group stays apart under a budget of multiplications.
 *
 * With ratios `a` and `b` of the outputs and inputs of a layer, it costs `(1 + a)(1 + b) - 2ab` of what it did. `zip` raises groups to 1
 * one after the other from the output on, the last as far as the budget allows. By importance, ratios rise in small steps where the gain
 * `w` per cost is greatest: a greedy way to solve the paper's quadratic program.
 *
 * @returns ratios from 0 to 1 by group
 * @throws {RangeError} for a budget outside 1 to 2, and importances that are not finite or below 0
 * @see Nasery et al. 2025, arXiv:2407.02447, §3.3, where the program is solved by a commercial solver
 */
export function planRatios(
  params: StateDict,
  { spec = 'auto', budget, importance = 'zip', uses = {} }: PlanRatiosOptions,
): Record<string, number> {
  checkNumber('planRatios', 'budget', budget, 1, 2);
  const resolved = specFor('planRatios', params, spec);
  const layers = layersOf(params, resolved, uses);
  const ratios = Object.fromEntries([...resolved.groups.keys()].map((group) => [group, 0]));
  const limit = budget * costOf(layers, ratios) * (1 + 1e-9);
  const raised = (group: string): Record<string, number> => ({
    ...ratios,
    [group]: Math.min(1, ratios[group]! + STEP),
  });
  const order = importance === 'zip' ? lastFirst(params, resolved) : undefined;
  const weights = importance === 'zip' ? undefined : importance;
  for (const [group, weight] of Object.entries(weights ?? {})) {
    if (!(group in ratios))
      throw new RangeError(`planRatios: expected groups of the spec, received ${JSON.stringify(group)}`);
    checkNumber('planRatios', `the importance of ${JSON.stringify(group)}`, weight, 0);
  }
  for (;;) {
    const now = costOf(layers, ratios);
    const open = Object.keys(ratios).filter(
      (group) => ratios[group]! < 1 && costOf(layers, raised(group)) <= limit && (weights?.[group] ?? 1) > 0,
    );
    if (open.length === 0) return ratios;
    const gain = (group: string) =>
      (weights![group] ?? 0) / Math.max(1e-12, costOf(layers, raised(group)) - now);
    const next = order
      ? order.find((group) => ratios[group]! < 1)
      : open.reduce((best, group) => (gain(group) > gain(best) ? group : best));
    if (next === undefined || !open.includes(next)) return ratios;
    ratios[next] = raised(next)[next]!;
  }
}

interface Layer {
  readonly cost: number;
  readonly output: string | undefined;
  readonly input: string | undefined;
}

function layersOf(
  params: StateDict,
  { tensors }: ResolvedSpec,
  uses: Readonly<Record<string, number>>,
): Layer[] {
  return [...tensors]
    .filter(([name]) => params[name]!.rank >= 2)
    .map(([name, groups]) => ({
      cost: params[name]!.size * (uses[name] ?? 1),
      output: groups.find(({ axis }) => axis === 0)?.group,
      input: groups.find(({ axis }) => axis === 1)?.group,
    }));
}

const costOf = (layers: readonly Layer[], ratios: Readonly<Record<string, number>>): number =>
  layers.reduce((total, { cost, output, input }) => {
    const [a, b] = [ratios[output ?? ''] ?? 0, ratios[input ?? ''] ?? 0];
    return total + cost * ((1 + a) * (1 + b) - 2 * a * b);
  }, 0);

/** Groups from the output to the input: a group comes before those that its layers read. */
function lastFirst(params: StateDict, { tensors, groups }: ResolvedSpec): string[] {
  const depth = new Map<string, number>();
  const depthOf = (group: string, seen: readonly string[]): number => {
    const known = depth.get(group);
    if (known !== undefined) return known;
    const inputs = [...tensors]
      .filter(
        ([name, uses]) =>
          params[name]!.rank >= 2 && uses.some((use) => use.axis === 0 && use.group === group),
      )
      .flatMap(([, uses]) => uses.filter(({ axis }) => axis === 1).map((use) => use.group))
      .filter((input) => input !== group && !seen.includes(input));
    const found = 1 + Math.max(0, ...inputs.map((input) => depthOf(input, [...seen, group])));
    depth.set(group, found);
    return found;
  };
  return [...groups.keys()].sort((a, b) => depthOf(b, []) - depthOf(a, []) || (a < b ? -1 : 1));
}
