import type { Checkpoint } from '@weightloom/checkpoint';
import { checkpointTensorSource, type TensorSource } from '@weightloom/state-dict';
import { type JsonObject, parseJsonObject } from '../internal/json.js';
import { type Architecture, architectureOf } from './architectures.js';
import { showModelReference } from './parse-model-reference.js';
import type { ModelReference } from './recipe.js';
import { RecipeError } from './recipe-error.js';

/** A model of a recipe, opened. */
export interface RecipeModel {
  readonly reference: ModelReference;
  /** The reference as text, for messages. */
  readonly label: string;
  readonly checkpoint: Checkpoint;
  readonly config: JsonObject | undefined;
  readonly architecture: Architecture;
}

/** Reads what a recipe needs to know of a model beside its weights. */
export async function readRecipeModel(
  reference: ModelReference,
  checkpoint: Checkpoint,
): Promise<RecipeModel> {
  const label = showModelReference(reference);
  const bytes = await checkpoint.readFile('config.json');
  const config = bytes && parseJsonObject(new TextDecoder().decode(bytes));
  if (bytes && !config) {
    throw new RecipeError({
      where: `${label}: config.json`,
      expected: 'a JSON object',
      received: 'something else',
    });
  }
  const architecture = architectureOf(config, reference.architecture);
  return { reference, label, checkpoint, config, architecture };
}

/** Whether a model stores its output layer as the embedding alone. */
export const isTied = ({ config, checkpoint }: RecipeModel): boolean =>
  config?.tie_word_embeddings === true || checkpoint.tied.size > 0;

/** The stored name of a tensor: its own, or for an output layer that is tied, that of the embedding. */
export function storedName(model: RecipeModel, name: string): string | undefined {
  const { checkpoint, architecture } = model;
  if (checkpoint.tensors.has(name)) return name;
  const alias = checkpoint.tied.get(name);
  if (alias !== undefined) return alias;
  if (!architecture.head.test(name) || !isTied(model)) return undefined;
  return checkpoint.names.find((candidate) => architecture.embedding.test(candidate));
}

/** A tensor of a model; `undefined` when the model does not have it. */
export function modelTensor(model: RecipeModel, name: string): TensorSource | undefined {
  const stored = storedName(model, name);
  if (stored === undefined) return undefined;
  return checkpointTensorSource(model.checkpoint, stored, `${model.label}: ${JSON.stringify(stored)}`);
}
