import { formatBytes, type Table } from '@weightloom/cli-kit';
import type { CliResult } from '@weightloom/cli-kit/node';
import { workingMemory } from '@weightloom/state-dict';
import { showValue } from '../internal/show-value.js';
import { openModel, type OpenModelOptions } from '../node/open-model.js';
import type { PlanRecipeOptions, RecipePlan } from '../recipe/plan-recipe.js';
import type { Recipe } from '../recipe/recipe.js';
import { inspectRecipes } from '../recipe/run-recipe.js';

export interface DryRunOptions extends PlanRecipeOptions, OpenModelOptions {
  readonly memoryLimit?: number;
  /** What to say first. */
  readonly notes: readonly string[];
}

/** Shows what recipes would make: of one its numbers, of several those of each. */
export async function dryRun(recipes: readonly Recipe[], options: DryRunOptions): Promise<CliResult> {
  const plans = await inspectRecipes(recipes, { ...options, open: openModel(options) });
  const shown = plans.map((plan) => showPlan(plan, options.memoryLimit));
  const notes = options.notes.map((note) => `note: ${note}`);
  if (shown.length === 1) {
    const [{ json, text }] = shown as [ShownPlan];
    return { json: { ...json, warnings: [...options.notes, ...json.warnings] }, text: [...notes, ...text] };
  }
  return {
    json: {
      warnings: options.notes,
      recipes: shown.map(({ json }, i) => ({ name: recipes[i]!.name ?? null, ...json })),
    },
    text: [...notes, ...shown.flatMap(({ text }, i) => [`${recipes[i]!.name ?? 'the result'}:`, ...text])],
  };
}

type ShownPlan = ReturnType<typeof showPlan>;

function showPlan(plan: RecipePlan, memoryLimit: number | undefined) {
  const memory = workingMemory(plan.tensors, { memoryLimit });
  const rows = plan.tensors.map(({ name, dtype, shape, method, parameters }) => ({
    name,
    dtype,
    shape,
    method: method?.name ?? 'copy',
    parameters,
  }));
  const table: Table = {
    columns: ['tensor', 'dtype', 'shape', 'made by'],
    rows: rows.map(({ name, dtype, shape, method, parameters }) => [
      name,
      dtype,
      `[${shape.join(', ')}]`,
      [method, ...Object.entries(parameters).map(([key, value]) => `${key}=${showValue(value)}`)].join(' '),
    ]),
  };
  const { totalSize, layers, warnings } = plan;
  return {
    json: { totalSize, workingMemory: memory, layers: layers.length, warnings, tensors: rows },
    text: [
      ...warnings.map((warning) => `note: ${warning}`),
      table,
      `${rows.length} tensors, ${formatBytes(totalSize)} to write, ${formatBytes(memory)} of weights in memory at a time`,
    ],
  };
}
