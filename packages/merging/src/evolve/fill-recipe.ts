import { isScalar, type Node, parseDocument, visit } from 'yaml';
import { suggest } from '../internal/suggest.js';
import { RecipeError } from '../recipe/recipe-error.js';
import type { EvolvedValues } from './search-space.js';

/**
 * Puts values into a recipe: `$name` as a value, alone, becomes the value of that name, a number, text, true, false, or a list.
 *
 * @param recipe - YAML text with such names
 * @returns YAML text without them
 * @throws {RecipeError} for a name without a value, a value whose name does not occur, or text that is not YAML
 */
export function fillRecipe(recipe: string, values: EvolvedValues): string {
  const document = parseDocument(recipe, { version: '1.1', uniqueKeys: true });
  const [error] = document.errors;
  if (error) {
    throw new RecipeError({
      where: 'recipe',
      expected: 'valid YAML',
      received: error.message.split('\n')[0]!,
    });
  }
  const used = new Set<string>();
  visit(document, {
    Scalar: (key, node) => {
      const name = key === 'key' ? undefined : nameOf(node);
      if (name === undefined) return undefined;
      if (!Object.hasOwn(values, name)) {
        const known = Object.keys(values);
        throw new RecipeError({
          where: 'recipe',
          expected: 'names that are parameters',
          received: `$${name}`,
          cure: known.length > 0 ? suggest(name, known) : undefined,
        });
      }
      used.add(name);
      const filled = document.createNode(values[name], { flow: true });
      filled.comment = node.comment;
      return filled;
    },
  });
  const unused = Object.keys(values).find((name) => !used.has(name));
  if (unused !== undefined) {
    throw new RecipeError({
      where: 'recipe',
      expected: `$${unused}, as it is a parameter`,
      received: 'no such name',
    });
  }
  return document.toString();
}

const nameOf = (node: Node): string | undefined =>
  isScalar(node) && typeof node.value === 'string' ? /^\$([A-Za-z_]\w*)$/.exec(node.value)?.[1] : undefined;
