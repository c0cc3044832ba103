import {
  type Checkpoint,
  type CheckpointTarget,
  type CheckpointWriterOptions,
  createCheckpointWriter,
  tensorByteLength,
  type WrittenCheckpoint,
} from '@weightloom/checkpoint';
import {
  checkpointTensorSource,
  type ChunkedSink,
  runTasks,
  type RunTasksOptions,
} from '@weightloom/state-dict';
import { type OpenModel, openModels, type RecipeModels } from './open-models.js';
import { outputFiles, type OutputFilesOptions, originOf } from './output-files.js';
import { type PlannedTensor, planRecipe, type PlanRecipeOptions, type RecipePlan } from './plan-recipe.js';
import type { Recipe } from './recipe.js';
import { planVocabulary } from './plan-vocabulary.js';
import { plannedCheckpoint } from './planned-checkpoint.js';

export interface RunRecipeOptions
  extends
    Omit<PlanRecipeOptions, 'vocabulary'>,
    Pick<OutputFilesOptions, 'copyTokenizer' | 'modelCard'>,
    Pick<RunTasksOptions, 'memoryLimit' | 'allowNonFinite' | 'onProgress' | 'signal'>,
    Pick<CheckpointWriterOptions, 'maxShardSize'> {
  /** Opens the models that the recipe names. */
  readonly open: OpenModel;
  /** Where the result goes; nothing shows there under its final name before all is done. */
  readonly output: CheckpointTarget;
  /** What an earlier run has finished, and how to note what this one does. */
  readonly resume?: {
    finished(): Promise<ReadonlyMap<string, Checkpoint>>;
    watch(sink: ChunkedSink, sizes: ReadonlyMap<string, number>): ChunkedSink;
  };
  /** Looks at the plan before anything is read or written, and may change its tensors. */
  readonly onPlan?: (plan: RecipePlan) => RecipePlan | undefined;
}

/**
 * Works out what a recipe asks for, without reading weights and without writing: the tensors, and how each is made.
 *
 * @throws {RecipeError} for what does not fit
 */
export async function inspectRecipe(
  recipe: Recipe,
  options: Omit<PlanRecipeOptions, 'vocabulary'> & { readonly open: OpenModel },
): Promise<RecipePlan> {
  return (await inspectRecipes([recipe], options))[0]!;
}

/**
 * As {@link inspectRecipe}, for recipes that use earlier ones by name: what those would make is known by its names, shapes and
 * files. An adapter on such a result is not looked at, which the plan's warnings say.
 */
export async function inspectRecipes(
  recipes: readonly Recipe[],
  options: Omit<PlanRecipeOptions, 'vocabulary'> & { readonly open: OpenModel },
): Promise<RecipePlan[]> {
  const made = new Map<string, Checkpoint>();
  const plans: RecipePlan[] = [];
  for (const recipe of recipes) {
    const unseen: string[] = [];
    const open: OpenModel = async (reference) => {
      const stage = made.get(reference.path);
      if (!stage) return options.open(reference);
      if (reference.adapter) unseen.push(`the adapter on ${JSON.stringify(reference.path)} is not looked at`);
      return stage;
    };
    const models = await openModels(recipe, open);
    try {
      const vocabulary = await planVocabulary(recipe, models);
      const plan = planRecipe(recipe, models, { ...options, vocabulary });
      plans.push({ ...plan, warnings: [...plan.warnings, ...unseen] });
      if (recipe.name === undefined) continue;
      const files = await outputFiles(recipe, models, plan, { tokenizerFiles: vocabulary?.files });
      made.set(
        recipe.name,
        plannedCheckpoint(recipe.name, plan.tensors, files, tiedNames(recipe, models, plan)),
      );
    } finally {
      await models.close();
    }
  }
  return plans;
}

export interface RecipeResult extends WrittenCheckpoint {
  readonly plan: RecipePlan;
  /** Those of the plan, and what values showed. */
  readonly warnings: readonly string[];
}

/**
 * Runs a recipe: merges the models it names, in bounded memory, and writes weights, configuration, tokenizer and recipe.
 *
 * @throws {RecipeError} for what does not fit, before anything is written; `StateDictError`, `CheckpointError` for values
 *   and files at fault, and nothing is left under a final name then
 */
export async function runRecipe(recipe: Recipe, options: RunRecipeOptions): Promise<RecipeResult> {
  const models = await openModels(recipe, options.open);
  try {
    const vocabulary = await planVocabulary(recipe, models);
    const planned = planRecipe(recipe, models, { ...options, vocabulary });
    const plan = options.onPlan?.(planned) ?? planned;
    const files = await outputFiles(recipe, models, plan, {
      copyTokenizer: options.copyTokenizer,
      modelCard: options.modelCard,
      tokenizerFiles: vocabulary?.files,
    });
    const tied = tiedNames(recipe, models, plan);
    const { output, maxShardSize, resume } = options;
    const finished = await resume?.finished();
    const tasks = plan.tensors.map((tensor) => asFinished(tensor, finished?.get(tensor.name)));
    const writer = await createCheckpointWriter({
      target: output,
      tensors: plan.tensors,
      maxShardSize,
      tied,
      // A single file has no place for others beside it.
      files: output.onlyFile === undefined ? files : [],
    });
    try {
      const sink =
        resume?.watch(writer, new Map(tasks.map((task) => [task.name, byteLength(task)]))) ?? writer;
      await runTasks(tasks, sink, { where: recipe.method, allowLoss: true, ...pick(options) });
      return { ...(await writer.close()), plan, warnings: [...plan.warnings, ...plan.findings()] };
    } finally {
      await writer[Symbol.asyncDispose]();
    }
  } finally {
    await models.close();
  }
}

/** Names of the origin that stand for a tensor of the plan stored under another. */
function tiedNames(recipe: Recipe, models: RecipeModels, { tensors }: RecipePlan): Record<string, string> {
  const stored = new Set(tensors.map(({ name }) => name));
  const { tied } = originOf(recipe, models).checkpoint;
  return Object.fromEntries([...tied].filter(([alias, kept]) => !stored.has(alias) && stored.has(kept)));
}

/** A tensor that an earlier run has made is copied. */
function asFinished(tensor: PlannedTensor, checkpoint: Checkpoint | undefined): PlannedTensor {
  if (!checkpoint) return tensor;
  const source = checkpointTensorSource(checkpoint, tensor.name, `finished ${JSON.stringify(tensor.name)}`);
  return { ...tensor, inputs: [source], method: undefined };
}

const byteLength = ({ dtype, shape }: PlannedTensor): number => tensorByteLength(dtype, shape);

const pick = ({ memoryLimit, allowNonFinite, onProgress, signal }: RunRecipeOptions): RunTasksOptions => ({
  memoryLimit,
  allowNonFinite,
  onProgress,
  signal,
});
