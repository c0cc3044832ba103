import type { TensorSource } from '@weightloom/state-dict';
import type { OutputTensor } from './output-tensors.js';
import { RecipeError } from './recipe-error.js';

/**
 * Brings the inputs of a tensor to one shape: they have it already, or are embeddings that may be cut to fewer rows.
 *
 * @throws {RecipeError} naming tensor, model and both shapes
 */
export function fitShapes(
  output: OutputTensor,
  sources: readonly TensorSource[],
  { truncateVocabulary = false }: { readonly truncateVocabulary?: boolean },
  warnings: string[],
): readonly TensorSource[] {
  const [first, ...others] = sources;
  const different = others.find(({ shape }) => shape.join() !== first!.shape.join());
  if (!different) return sources;
  const { model, name } = output.inputs[0]!;
  const isVocabulary = model.architecture.vocabulary.test(name);
  const sameColumns = sources.every(({ shape }) => shape.slice(1).join() === first!.shape.slice(1).join());
  const rows = output.hasBase ? first!.shape[0]! : Math.min(...sources.map(({ shape }) => shape[0]!));
  const enough = sources.every(({ shape }) => shape[0]! >= rows);
  if (!isVocabulary || !sameColumns || !enough || !truncateVocabulary) {
    throw new RecipeError({
      where: different.label,
      expected: `shape [${first!.shape.join(', ')}] as in ${first!.label}`,
      received: `[${different.shape.join(', ')}]`,
      cure: isVocabulary
        ? 'give the recipe a tokenizer section, or allow vocabularies to be truncated'
        : undefined,
    });
  }
  warnings.push(
    `${JSON.stringify(output.name)} is cut to ${rows} rows, the vocabulary that all models have; tokens beyond have none`,
  );
  // Rows follow each other, so the first rows are the first elements.
  return sources.map((source) => ({ ...source, shape: [rows, ...source.shape.slice(1)] }));
}
