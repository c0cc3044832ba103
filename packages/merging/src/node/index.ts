export {
  evolveRecipe,
  type EvolveRecipeOptions,
  type EvolveScore,
  type RecipeEvolution,
} from './evolve-recipe.js';
export { mergeCheckpoints, type MergeCheckpointsOptions } from './merge-checkpoints.js';
export { mergeRecipe, type MergeRecipeOptions } from './merge-recipe.js';
export { openModel, type OpenModelOptions } from './open-model.js';
