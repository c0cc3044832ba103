import { referencesOf } from './open-models.js';
import { showModelReference } from './parse-model-reference.js';
import type { Recipe } from './recipe.js';

/** The model card of a merge: which models, which method, and the recipe to make it again. */
export function modelCard(recipe: Recipe): string {
  const names = [...new Set(referencesOf(recipe).map(showModelReference))];
  const base = recipe.base && showModelReference(recipe.base);
  return [
    '---',
    'base_model:',
    ...names.map((name) => `- ${JSON.stringify(name)}`),
    'tags:',
    '- mergekit',
    '- merge',
    '- weightloom',
    '---',
    '',
    '# A merge of pre-trained models',
    '',
    `Made with Weightloom by the method \`${recipe.method}\`${base ? `, with \`${base}\` as base` : ''}, from:`,
    '',
    ...names.map((name) => `- \`${name}\``),
    '',
    '## Recipe',
    '',
    '```yaml',
    recipe.source.trim(),
    '```',
    '',
  ].join('\n');
}
