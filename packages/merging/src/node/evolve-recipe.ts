import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dispose } from '@weightloom/tensor-gpu';
import { type Evolution, type EvolutionState, evolve } from '../evolve/evolve.js';
import {
  evolveRecipe as evolveInMemory,
  type EvolveRecipeOptions as EvolveInMemoryOptions,
  mergeOptions,
  type RecipeCandidate,
} from '../evolve/evolve-recipe.js';
import { fillRecipe } from '../evolve/fill-recipe.js';
import { RecipeError } from '../recipe/recipe-error.js';
import { mergeRecipe } from './merge-recipe.js';
import { openModel, type OpenModelOptions } from './open-model.js';

/** How candidates are scored: higher is better. */
export type EvolveScore =
  /** Merged in memory; tensors are disposed afterwards. */
  | { readonly evaluate: EvolveInMemoryOptions['evaluate'] }
  /** Streamed to a folder with weights, configuration and tokenizer, which is deleted afterwards: for models of any size. */
  | { readonly evaluateFolder: (folder: string, candidate: RecipeCandidate) => number | Promise<number> };

export type EvolveRecipeOptions = Omit<EvolveInMemoryOptions, 'models' | 'open' | 'evaluate' | 'state'> &
  Omit<OpenModelOptions, 'named'> &
  EvolveScore & {
    /** A folder: `model` will hold the best model, `recipe.yml` its recipe, `evolution.json` all that was tried. */
    readonly output: string;
    /** Go on from the last generation that is done (default `false`). Models and score must be the same; options are compared. */
    readonly resume?: boolean;
    /** Begin anew where an earlier search has left files (default `false`: refuse). */
    readonly overwrite?: boolean;
  };

export interface RecipeEvolution extends Evolution {
  /** The recipe of the best model, YAML. */
  readonly recipe: string;
  /** The folder of the best model. */
  readonly model: string;
}

/**
 * Evolves a recipe from and to disk, see `evolveRecipe` of the main entry. After each generation what is known so far is written, so
 * that an interrupted search can go on.
 *
 * @throws {RecipeError} for a recipe that is refused, or an output that is in the way; {RangeError} for options out of range, or a
 *   score that is NaN
 */
export async function evolveRecipe(options: EvolveRecipeOptions): Promise<RecipeEvolution> {
  const { output, recipe, onGeneration } = options;
  const journal = join(output, 'evolution.json');
  const id = await identity(options);
  const state = await earlier(journal, id, options);
  const common = {
    ...options,
    state,
    onGeneration: async (now: EvolutionState): Promise<void> => {
      await mkdir(output, { recursive: true });
      await replace(journal, `${JSON.stringify({ options: id, ...now }, null, 1)}\n`);
      await onGeneration?.(now);
    },
  };
  const evolution = 'evaluate' in common ? await inMemory(common) : await inFolders(common);
  const best = fillRecipe(recipe, evolution.best.values);
  await replace(join(output, 'recipe.yml'), best);
  const model = join(output, 'model');
  await mergeRecipe(best, { ...mergeSettings(options), output: model, overwrite: true });
  return { ...evolution, recipe: best, model };
}

type Search<Score> = EvolveRecipeOptions & Score & { readonly state?: EvolutionState };

async function inMemory(
  options: Search<{ evaluate: EvolveInMemoryOptions['evaluate'] }>,
): Promise<Evolution> {
  const { best, start, state, params } = await evolveInMemory({ ...options, open: openModel(options) });
  dispose(params);
  return { best, start, state };
}

function inFolders(options: Search<Extract<EvolveScore, { evaluateFolder: unknown }>>): Promise<Evolution> {
  const folder = join(options.output, 'candidate');
  return evolve({
    ...options,
    evaluate: async (values, place) => {
      const recipe = fillRecipe(options.recipe, values);
      try {
        await mergeRecipe(recipe, { ...mergeSettings(options), output: folder, overwrite: true });
        return await options.evaluateFolder(folder, { values, recipe, ...place });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
}

/** What of the options a merge to disk takes. */
const mergeSettings = (options: EvolveRecipeOptions) => {
  const { cwd, adapterCache, adapterDtype, hubCache, signal } = options;
  return { ...mergeOptions(options), cwd, adapterCache, adapterDtype, hubCache, signal };
};

/** What decides the course of a search, apart from models and score. */
async function identity(options: EvolveRecipeOptions): Promise<string> {
  const {
    recipe,
    parameters,
    key,
    population,
    sigma,
    method,
    seed,
    compat,
    allowCrimes,
    truncateVocabulary,
    tensors,
  } = options;
  const parts = [
    recipe,
    parameters,
    [...(await key.data())],
    { population, sigma, method, seed, compat, allowCrimes, truncateVocabulary, tensors },
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function earlier(
  journal: string,
  id: string,
  { resume, overwrite }: EvolveRecipeOptions,
): Promise<EvolutionState | undefined> {
  const text = await readFile(journal, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  if (!resume) {
    if (overwrite) return undefined;
    throw new RecipeError({
      where: journal,
      expected: 'no earlier search',
      received: 'one',
      cure: 'go on from it with resume, begin anew with overwrite, or choose another folder',
    });
  }
  const { options, strategy, evaluated } = JSON.parse(text) as EvolutionState & { options: string };
  if (options !== id) {
    throw new RecipeError({
      where: journal,
      expected: 'a search with the same recipe, parameters, seed and population',
      received: 'another',
    });
  }
  // JSON has no -Infinity.
  return { strategy, evaluated: evaluated.map((one) => ({ ...one, score: one.score ?? -Infinity })) };
}

/** Puts a text in the place of another, whole or not at all. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.partial`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
