import { type Checkpoint, memoryTarget, openCheckpoint, serializeSafetensors } from '@weightloom/checkpoint';
import { fromTensors, type StateDict, toTensors } from '@weightloom/state-dict';
import { dispose } from '@weightloom/tensor-gpu';
import type { OpenModel } from '../recipe/open-models.js';
import { parseRecipe } from '../recipe/parse-recipe.js';
import { showModelReference } from '../recipe/parse-model-reference.js';
import type { Recipe } from '../recipe/recipe.js';
import { RecipeError } from '../recipe/recipe-error.js';
import { runRecipe, type RunRecipeOptions } from '../recipe/run-recipe.js';
import { type Evolution, evolve, type EvolveOptions } from './evolve.js';
import { fillRecipe } from './fill-recipe.js';
import type { EvolvedValues } from './search-space.js';

/** A candidate, beside its weights. */
export interface RecipeCandidate {
  readonly values: EvolvedValues;
  /** The recipe it was made by, YAML. */
  readonly recipe: string;
  readonly generation: number;
  readonly index: number;
}

export interface EvolveRecipeOptions
  extends
    Omit<EvolveOptions, 'evaluate'>,
    Pick<
      RunRecipeOptions,
      'seed' | 'compat' | 'allowCrimes' | 'truncateVocabulary' | 'tensors' | 'memoryLimit'
    > {
  /** One recipe, YAML, with `$name` where the value of a parameter is to stand. */
  readonly recipe: string;
  /** The models that it names, in memory; this or `open`. */
  readonly models?: Readonly<Record<string, StateDict>>;
  /** Opens the models that it names; each is opened once. */
  readonly open?: OpenModel;
  /** How good a merged model is; higher is better. Its tensors are disposed afterwards: copy what must survive. */
  readonly evaluate: (params: StateDict, candidate: RecipeCandidate) => number | Promise<number>;
}

export interface RecipeEvolution extends Evolution {
  /** The recipe of the best model, YAML. */
  readonly recipe: string;
  /** The best model. */
  readonly params: StateDict;
}

/**
 * Evolves a merging recipe: searches by CMA-ES for the weights, densities, gradients and choices of layers whose merged model scores
 * highest. Candidates are merged in memory.
 *
 * ```yaml
 * merge_method: ties
 * base_model: base
 * models:
 *   - model: chat
 *     parameters: { weight: $chat, density: $density }
 *   - model: code
 *     parameters: { weight: $code, density: $density }
 * ```
 *
 * with `parameters: { chat: { low: 0, high: 1 }, code: { low: 0, high: 1 }, density: { low: 0.1, high: 1 } }`.
 *
 * Where we differ from the paper: one search over parameters and choices of layers together; values beyond a bound are reflected.
 *
 * @throws {RecipeError} for a recipe that is refused; {RangeError} for options out of range, or a score that is NaN
 * @see Akiba et al. 2024, "Evolutionary Optimization of Model Merging Recipes", arXiv:2403.13187
 */
export async function evolveRecipe(options: EvolveRecipeOptions): Promise<RecipeEvolution> {
  const { recipe, evaluate } = options;
  const models = shareModels(opener(options));
  const merge = async (text: string): Promise<StateDict> => {
    const target = memoryTarget();
    await runRecipe(oneRecipe(text), {
      ...mergeOptions(options),
      open: models.open,
      output: target,
    });
    const weights = await openCheckpoint(target.files.get('model.safetensors')!);
    return toTensors((await weights.readAll()).tensors);
  };
  try {
    const evolution = await evolve({
      ...options,
      evaluate: async (values, place) => {
        const text = fillRecipe(recipe, values);
        const params = await merge(text);
        try {
          return await evaluate(params, { values, recipe: text, ...place });
        } finally {
          dispose(params);
        }
      },
    });
    const best = fillRecipe(recipe, evolution.best.values);
    return { ...evolution, recipe: best, params: await merge(best) };
  } finally {
    await models.close();
  }
}

/** What of the options a merge takes. */
export const mergeOptions = ({
  seed,
  compat,
  allowCrimes,
  truncateVocabulary,
  tensors,
  memoryLimit,
}: Omit<EvolveRecipeOptions, 'evaluate'>) => ({
  seed,
  compat,
  allowCrimes,
  truncateVocabulary,
  tensors,
  memoryLimit,
});

/** The recipe in a text, which must hold one. */
export function oneRecipe(text: string): Recipe {
  const recipes = parseRecipe(text);
  if (recipes.length === 1) return recipes[0]!;
  throw new RecipeError({ where: 'recipe', expected: 'one recipe', received: String(recipes.length) });
}

function opener({ models, open }: EvolveRecipeOptions): OpenModel {
  if ((models === undefined) === (open === undefined)) {
    throw new RangeError(
      `evolveRecipe: expected either models or open, received ${models ? 'both' : 'neither'}`,
    );
  }
  if (open) return open;
  return async (reference) => {
    const params = Object.hasOwn(models!, reference.path) ? models![reference.path] : undefined;
    if (params) return openCheckpoint(serializeSafetensors(await fromTensors(params)));
    const known = Object.keys(models!).join(', ');
    throw new RecipeError({
      where: reference.path,
      expected: `one of the models ${known}`,
      received: 'another name',
    });
  };
}

/** Opens every model once, however often it is asked for. */
export function shareModels(open: OpenModel): { readonly open: OpenModel; close(): Promise<void> } {
  const opened = new Map<string, Promise<Checkpoint>>();
  const nothing = async (): Promise<void> => {};
  return {
    open: async (reference) => {
      const id = showModelReference(reference);
      if (!opened.has(id)) opened.set(id, open(reference));
      return { ...(await opened.get(id)!), close: nothing, [Symbol.asyncDispose]: nothing };
    },
    close: async () => {
      for (const result of await Promise.allSettled(opened.values())) {
        if (result.status === 'fulfilled') await result.value.close();
      }
    },
  };
}
