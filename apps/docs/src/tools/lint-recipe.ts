import { parseRecipe, RecipeError } from '@weightloom/merging';

/** What is wrong with a recipe, and where; lines and columns count from 1. */
export interface RecipeFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Reads a recipe as a merge would. */
export function lintRecipe(text: string): RecipeFault | undefined {
  try {
    parseRecipe(text, { label: 'recipe' });
    return undefined;
  } catch (error) {
    if (!RecipeError.isInstance(error)) throw error;
    const [, line = '1', column = '1'] = /^recipe:(\d+):(\d+)/.exec(error.where) ?? [];
    return { line: Number(line), column: Number(column), message: error.message };
  }
}
