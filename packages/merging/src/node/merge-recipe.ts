import { mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import type { CheckpointTarget } from '@weightloom/checkpoint';
import { fileTarget, folderTarget } from '@weightloom/checkpoint/node';
import { referencesOf } from '../recipe/open-models.js';
import { parseRecipe } from '../recipe/parse-recipe.js';
import type { Recipe } from '../recipe/recipe.js';
import { RecipeError } from '../recipe/recipe-error.js';
import { type RecipeResult, runRecipe, type RunRecipeOptions } from '../recipe/run-recipe.js';
import { type ResumableTarget, resumableTarget, STAGE } from './resumable-target.js';
import { openModel, type OpenModelOptions } from './open-model.js';

export interface MergeRecipeOptions
  extends Omit<RunRecipeOptions, 'open' | 'output' | 'resume'>, Omit<OpenModelOptions, 'named'> {
  /** A folder; or, ending in `.safetensors`, a single file, without configuration and tokenizer beside it. */
  readonly output: string;
  /** Replace a model that is there already (default `false`: refuse). */
  readonly overwrite?: boolean;
  /** What to call the recipe in messages (default `recipe`). */
  readonly label?: string;
  /** Where the results of all but the last of several recipes go, each in a folder of its name (default: temporary). */
  readonly intermediate?: string;
  /**
   * Keep what is done when the work fails or is killed, in `.weightloom-resume` in the output folder, and go on from there
   * (default `false`: leave nothing). Only for folders.
   */
  readonly resume?: boolean;
}

/**
 * Runs a recipe from and to disk: one, or several in one text, where later ones use earlier ones by name.
 *
 * @param recipe - the text, in the YAML form of mergekit
 * @returns the result of each recipe, in order; the last is what `output` holds
 * @throws {RecipeError} for recipes and models that are refused, before anything is written
 */
export async function mergeRecipe(recipe: string, options: MergeRecipeOptions): Promise<RecipeResult[]> {
  const recipes = parseRecipe(recipe, { label: options.label });
  const { output, overwrite } = options;
  await checkApart(output, recipes, options.cwd);
  const temporary = recipes.length > 1 && options.intermediate === undefined;
  const stages = temporary ? await mkdtemp(join(tmpdir(), 'weightloom-stages-')) : options.intermediate;
  const named = new Map<string, string>();
  const results: RecipeResult[] = [];
  try {
    for (const [i, stage] of recipes.entries()) {
      const isLast = i === recipes.length - 1;
      const folder = join(stages ?? '', stage.name ?? '');
      const resumable = isLast && options.resume ? await resumableFor(stage, options) : undefined;
      const target =
        resumable ?? (isLast ? targetOf(output, overwrite) : folderTarget(folder, { overwrite: true }));
      const open = openModel({ ...options, named });
      results.push(await runRecipe(stage, { ...options, open, output: target, resume: resumable }));
      if (!isLast) named.set(stage.name!, folder);
      // What an interrupted merge left here is of no use any more.
      else if (!resumable && !isOneFile(output))
        await rm(join(output, STAGE), { recursive: true, force: true });
    }
    return results;
  } finally {
    if (temporary) await rm(stages!, { recursive: true, force: true });
  }
}

/** A target that knows by what plan its parts were made: the recipe, the options and the files of the models. */
async function resumableFor(recipe: Recipe, options: MergeRecipeOptions): Promise<ResumableTarget> {
  const { output, cwd = '', overwrite = false } = options;
  if (isOneFile(output)) {
    throw new RecipeError({ where: output, expected: 'a folder, to resume in', received: 'a single file' });
  }
  const files = await Promise.all(
    referencesOf(recipe).flatMap(({ path, adapter }) =>
      [path, ...(adapter ? [adapter.path] : [])].map((part) => fingerprint(resolve(cwd, part))),
    ),
  );
  const { seed, compat, truncateVocabulary, tensors, allowCrimes, maxShardSize, adapterDtype } = options;
  const settings = { seed, compat, truncateVocabulary, tensors, allowCrimes, maxShardSize, adapterDtype };
  return resumableTarget(output, JSON.stringify([recipe.source, settings, files]), overwrite);
}

/** Names, sizes and times of the files of a model; nothing for one on the Hub, which its revision tells apart. */
async function fingerprint(path: string): Promise<unknown> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return path;
  if (!stats.isDirectory()) return [path, stats.size, stats.mtimeMs];
  const names = (await readdir(path)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(path, name));
      return [name, size, mtimeMs];
    }),
  );
}

const isOneFile = (output: string): boolean => extname(output) === '.safetensors';

/** Where a result goes: a folder, or one file. */
export function targetOf(output: string, overwrite?: boolean): CheckpointTarget {
  return isOneFile(output)
    ? fileTarget(output, { overwrite: overwrite === true })
    : folderTarget(output, { overwrite });
}

/** Refuses to write over what is being read. */
async function checkApart(output: string, recipes: readonly Recipe[], cwd = ''): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => path);
  const place = await real(resolve(output));
  for (const { path } of recipes.flatMap(referencesOf)) {
    if ((await real(resolve(cwd, path))) !== place) continue;
    throw new RecipeError({ where: output, expected: 'an output apart from the models', received: path });
  }
}
