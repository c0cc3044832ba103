import { isJsonObject, type JsonObject, textAt } from '../internal/json.js';
import type { RecipeModels } from './open-models.js';
import { referencesOf } from './open-models.js';
import type { Recipe } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import type { RecipeModel } from './recipe-model.js';

/**
 * Refuses models that cannot be merged: quantised ones, and different architectures.
 *
 * @returns warnings
 */
export function checkModels(
  recipe: Recipe,
  models: RecipeModels,
  { allowCrimes = false }: { readonly allowCrimes?: boolean },
): string[] {
  const opened = referencesOf(recipe).map((reference) => models.get(reference));
  for (const { label, config } of opened) {
    if (!config || !isJsonObject(config.quantization_config) || recipe.method === 'passthrough') continue;
    throw new RecipeError({
      where: `${label}: config.json`,
      expected: 'a model in floating point',
      received: `one quantised by ${textAt(config.quantization_config, 'quant_method') ?? 'some method'}`,
      cure: 'merge the model that it was made from',
    });
  }
  const [first, ...others] = opened.filter((model) => kindOf(model) !== undefined);
  const other = others.find((model) => kindOf(model) !== kindOf(first!));
  if (!other) return [];
  const received = `${kindOf(other)} in ${other.label}`;
  if (allowCrimes)
    return [`different architectures are merged: ${kindOf(first!)} in ${first!.label}, ${received}`];
  throw new RecipeError({
    where: recipe.where,
    expected: `models of one architecture, ${kindOf(first!)} as in ${first!.label}`,
    received,
    cure: 'allow crimes to merge them all the same',
  });
}

/** The class a config names, or its type; without a config, as of single files, nothing can be said. */
function kindOf({ config, reference }: RecipeModel): string | undefined {
  return reference.architecture ?? classOf(config);
}

function classOf(config: JsonObject | undefined): string | undefined {
  const classes = config?.architectures;
  if (Array.isArray(classes) && typeof classes[0] === 'string') return classes[0];
  return config && textAt(config, 'model_type');
}
