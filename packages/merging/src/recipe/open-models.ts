import type { Checkpoint } from '@weightloom/checkpoint';
import { showModelReference } from './parse-model-reference.js';
import type { ModelReference, Recipe, RecipeBody } from './recipe.js';
import { type RecipeModel, readRecipeModel } from './recipe-model.js';

/** Opens a model: its revision chosen, its adapter folded in. It is closed by whoever asked. */
export type OpenModel = (reference: ModelReference) => Promise<Checkpoint>;

/** The models of a recipe, each opened once. */
export interface RecipeModels {
  get(reference: ModelReference): RecipeModel;
  close(): Promise<void>;
}

/** Opens every model that a recipe names. */
export async function openModels(recipe: Recipe, open: OpenModel): Promise<RecipeModels> {
  const models = new Map<string, RecipeModel>();
  const close = async () => {
    await Promise.all([...models.values()].map(({ checkpoint }) => checkpoint.close()));
  };
  try {
    for (const reference of referencesOf(recipe)) {
      const id = identity(reference);
      if (models.has(id)) continue;
      models.set(id, await readRecipeModel(reference, await open(reference)));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { get: (reference) => models.get(identity(reference))!, close };
}

const identity = (reference: ModelReference) =>
  `${showModelReference(reference)} ${reference.architecture ?? ''}`;

/** Every model that a recipe names, in the order in which they come. */
export function referencesOf({ base, body, tokenizer }: Recipe): ModelReference[] {
  const found: ModelReference[] = base ? [base] : [];
  if (body.kind === 'modules') for (const module of body.modules) found.push(...inBody(module.body));
  else found.push(...inBody(body));
  if (tokenizer && typeof tokenizer.source === 'object') found.push(tokenizer.source);
  for (const { source } of tokenizer?.tokens.values() ?? []) {
    if (source && source.kind !== 'zero') found.push(source.model);
  }
  return found;
}

function inBody(body: RecipeBody): ModelReference[] {
  if (body.kind === 'models') return body.models.map(({ model }) => model);
  return body.slices.flatMap(({ base, sources }) => [
    ...(base ? [base] : []),
    ...sources.map(({ model }) => model),
  ]);
}
